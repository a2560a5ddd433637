"""TLS and mutual TLS from files, which may be renewed while the server runs."""

import logging
from collections.abc import Sequence
from pathlib import Path

import grpc

from services.runtime.settings import ServiceSettings, SettingsError

_log = logging.getLogger(__name__)


def server_credentials(settings: ServiceSettings) -> grpc.ServerCredentials | None:
    """
    Return the credentials that the settings name, or None for plain text.

    Raises:
        SettingsError: a file cannot be read.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    files = _Files(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)
    try:
        first = files.load()
    except OSError as error:
        raise SettingsError(f"TLS: {error.filename} cannot be read: {error.strerror}") from None
    return grpc.dynamic_ssl_server_credentials(
        first,
        files.load_if_renewed,  # type: ignore[arg-type]  # None means "unchanged", which the stubs don't know
        require_client_authentication=settings.tls_client_ca is not None,
    )


class _Files:
    """Certificate, key and client authority on disk. A handshake that finds them renewed uses the new ones."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._loaded: Sequence[int] = ()

    def load(self) -> grpc.ServerCertificateConfiguration:
        """Read all files; raises OSError."""
        times = self._times()
        configuration = grpc.ssl_server_certificate_configuration(
            [(self._key.read_bytes(), self._certificate.read_bytes())],
            root_certificates=None if self._client_ca is None else self._client_ca.read_bytes(),
        )
        self._loaded = times
        return configuration

    def load_if_renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what is to be used from now on; None to go on as before. Called at every handshake."""
        try:
            return None if self._times() == self._loaded else self.load()
        except OSError:
            # Half renewed: the old certificate is better than no server.
            _log.exception("the renewed TLS files cannot be read")
            return None

    def _times(self) -> Sequence[int]:
        return [path.stat().st_mtime_ns for path in (self._certificate, self._key, self._client_ca) if path is not None]
