"""The HTTP server of a process: its port, TLS, limits, and an orderly end."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from services.gateway.http.patience import PatientProtocol
from services.gateway.http.websocket_protocol import SharingProtocol
from services.gateway.settings import GatewaySettings
from services.runtime.settings import SettingsError

_log = logging.getLogger(__name__)

_HEADER_BYTES: Final = 32 * 1024
_SOCKET_MESSAGE_BYTES: Final = 16 * 1024
_BACKLOG: Final = 4_096
_RENEWAL_SECONDS: Final = 30.0


class HttpServer:
    """A running server."""

    def __init__(self, server: "_Server", task: "asyncio.Task[None]", port: int) -> None:
        self._server = server
        self._task = task
        self.port = port

    async def drain(self) -> None:
        """Take no new connections, let the present requests finish, close WebSockets with 1012, cut what is left."""
        self._server.should_exit = True
        await self._task


@asynccontextmanager
async def open_http_server(settings: GatewaySettings, app: ASGIApp) -> AsyncIterator[HttpServer]:
    """
    Listen until the block ends, and drain then.

    Raises:
        SettingsError: the port is taken or the TLS files cannot be used.
    """
    context = _tls(settings)
    listening = _bound(settings)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,  # h11 bounds the headers of a request; httptools does not
        ws=SharingProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        date_header=True,
        ws_max_size=_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # some 100 KiB for each socket, and a bomb to watch for
        limit_concurrency=settings.connections,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
        backlog=_BACKLOG,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    renewing = None if context is None else asyncio.create_task(_renew(settings, context))
    try:
        await server.listening.wait()
        running = HttpServer(server, task, int(listening.getsockname()[1]))
        yield running
    finally:
        if renewing is not None:
            renewing.cancel()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Server(uvicorn.Server):
    """uvicorn, without its signal handlers: the process has its own. `listening` is set when it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _bound(settings: GatewaySettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((settings.host, settings.port))
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise SettingsError(f"MIRANTE_HTTP_PORT: cannot listen on {settings.port}: {error.strerror}") from None
    return found


def _tls(settings: GatewaySettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca is not None:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise SettingsError(f"TLS: the files cannot be used: {error.strerror or error}") from None
    return context


async def _renew(settings: GatewaySettings, context: ssl.SSLContext) -> None:
    """Read certificate and key again, so that handshakes use renewed ones."""
    certificate, key = settings.tls_certificate, settings.tls_key
    assert certificate is not None  # noqa: S101 - there would be no context
    assert key is not None  # noqa: S101 - as above
    while True:
        await asyncio.sleep(_RENEWAL_SECONDS)
        try:
            context.load_cert_chain(certificate, key)
        except OSError:
            # Half renewed: the old certificate is better than no server.
            _log.exception("the renewed TLS files cannot be read")
