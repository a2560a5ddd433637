"""Certificates for tests, made by openssl: one authority, one server on the loopback, one client."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """Everything that mutual TLS needs; `ca` is the authority's certificate."""

    ca: Path
    server: Pair
    client: Pair


def make_certificates(folder: Path) -> Certificates:
    """Make new ones, valid for a day."""
    authority = Pair(folder / "ca.pem", folder / "ca.key")
    _openssl("req", "-x509", *_key(authority), "-days", "1", "-subj", "/CN=Test authority")
    return Certificates(
        authority.certificate, _signed(folder, authority, "server"), _signed(folder, authority, "client")
    )


def _signed(folder: Path, authority: Pair, name: str) -> Pair:
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    request = Pair(folder / f"{name}.csr", pair.key)
    _openssl("req", *_key(request), "-subj", f"/CN={name}")
    _openssl(
        *("x509", "-req", "-in", str(request.certificate), "-out", str(pair.certificate), "-days", "1"),
        *("-CA", str(authority.certificate), "-CAkey", str(authority.key), "-CAcreateserial"),
        *("-extfile", str(extensions)),
    )
    return pair


def _key(pair: Pair) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    return [*curve, "-keyout", str(pair.key), "-out", str(pair.certificate)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607 - wherever it is installed
