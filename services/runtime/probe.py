"""
Asks a service of this machine how it is: `python -m services.runtime.probe PORT [alive|ready]`.

Ends with 0 when it is well. For containers whose platform cannot ask by itself, because the service speaks TLS for
instance. With MIRANTE_TLS_CERTIFICATE set it speaks TLS too, and shows that certificate when it is asked for one.
"""

import argparse
import os
import ssl
import sys
from pathlib import Path
from typing import Final

import grpc
from cryptography import x509
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime.server import LIVENESS

_SECONDS: Final = 4.0
_NAMES: Final = {"alive": LIVENESS, "ready": ""}


def problem(port: int, question: str, certificate: Path | None = None, key: Path | None = None) -> str | None:
    """
    Return what is wrong with the service on a port of this machine, in one line; None when nothing is.

    Args:
        port: of its gRPC server.
        question: "alive" (it answers) or "ready" (it answers calls).
        certificate: the server's own, when it speaks TLS.
        key: its private key.

    Raises:
        OSError: a file cannot be read.
        ValueError: the certificate is none.
    """
    if certificate is None or key is None:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    else:
        channel = _secure_channel(port, certificate.read_bytes(), key.read_bytes())
    with channel:
        request = health_pb2.HealthCheckRequest(service=_NAMES[question])
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return None
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def _secure_channel(port: int, chain: bytes, key: bytes) -> grpc.Channel:
    """Return a channel that trusts whoever answers there: it is this container's own process."""
    shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=_SECONDS).encode()
    name = _name_of(x509.load_pem_x509_certificate(shown))
    credentials = grpc.ssl_channel_credentials(shown, key, chain)
    return grpc.secure_channel(f"127.0.0.1:{port}", credentials, (("grpc.ssl_target_name_override", name),))


def _name_of(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.DNSName)[0]
    except (x509.ExtensionNotFound, IndexError):
        return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def main() -> None:
    """Ask, and end the process with the answer."""
    arguments = argparse.ArgumentParser(prog="python -m services.runtime.probe")
    arguments.add_argument("port", type=int)
    arguments.add_argument("question", nargs="?", choices=sorted(_NAMES), default="ready")
    given = arguments.parse_args()
    files = [os.environ.get(f"MIRANTE_TLS_{name}") for name in ("CERTIFICATE", "KEY")]
    certificate, key = (Path(file) if file else None for file in files)
    try:
        found = problem(given.port, given.question, certificate, key)
    except (OSError, ValueError) as error:
        found = f"{type(error).__name__}: {error}"
    if found is not None:
        sys.exit(f"not {given.question}: {found}")


if __name__ == "__main__":
    main()
