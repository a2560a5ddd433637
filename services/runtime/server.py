"""The gRPC server of a process: ports, limits, health, reflection, and an orderly end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as aio_health
from grpc_reflection.v1alpha import reflection

from services.runtime.settings import ServiceSettings, SettingsError
from services.runtime.tls import server_credentials

_log = logging.getLogger(__name__)

_MOST_PENDING: Final = 20_000
"""Calls that may wait to be taken: everybody reconnects at once after a restart, and 3,000 would be the default."""

_MOST_MESSAGE_BYTES: Final = 4 * 1024 * 1024

_OPTIONS: Final = (
    # Clients ping every 30 s, also without calls; with the default of 5 minutes they would be hung up on.
    # The name lacks the RECV that the C constant has: the other spelling is silently ignored.
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 3),
    # We ping too, so that streams of clients that vanished end.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.server.max_pending_requests", _MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
    ("grpc.max_receive_message_length", _MOST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MOST_MESSAGE_BYTES),
)


LIVENESS: Final = "mirante.alive"
"""
The name by which health says that the process answers, whatever its database does: SERVING from the first call to the
last. All other names say whether calls are answered.
"""


class GrpcServer:
    """A running server. Health says NOT_SERVING until `serve`, and again from `drain` on."""

    def __init__(
        self, server: grpc.aio.Server, health: aio_health.HealthServicer, names: Sequence[str], port: int
    ) -> None:
        self._server = server
        self._health = health
        self._names = names
        self.port = port

    async def serve(self) -> None:
        """Say that calls are answered."""
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def drain(self, goodbye: Callable[[], Awaitable[None]], seconds: float) -> None:
        """
        End in order: say NOT_SERVING, say goodbye to open streams, take no new calls, and let the present ones finish.

        Args:
            goodbye: tells open streams to go.
            seconds: after which what is still open is cut.
        """
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
        try:
            async with asyncio.timeout(seconds):
                await goodbye()
        except TimeoutError:
            _log.warning("some streams were not told goodbye in time")
        await self._server.stop(seconds)


@asynccontextmanager
async def open_server(
    settings: ServiceSettings,
    host: str,
    port: int,
    *,
    variable: str,
    reuseport: bool,
    services: grpc.GenericRpcHandler,
    names: Sequence[str],
) -> AsyncIterator[GrpcServer]:
    """
    Listen, and stop at once when the block ends (call `drain` before).

    Args:
        settings: TLS.
        host: the address to listen on.
        port: 0 for one that is free.
        variable: names the port's setting in errors.
        reuseport: whether several processes may share the port.
        services: our services.
        names: the full names of our services, for health and reflection.

    Raises:
        SettingsError: the port is taken or the TLS files cannot be used.
    """
    server = grpc.aio.server(options=[*_OPTIONS, ("grpc.so_reuseport", int(reuseport))])
    server.add_generic_rpc_handlers((services,))
    health = aio_health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    all_names = [*names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, ""]
    reflection.enable_server_reflection([*all_names[:-1], reflection.SERVICE_NAME], server)
    for name in all_names:
        await health.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
    await health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
    credentials = server_credentials(settings)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = (
            server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
        )
    except RuntimeError:
        raise SettingsError(f"{variable}: cannot listen on {address}; is it taken by another process?") from None
    await server.start()
    try:
        yield GrpcServer(server, health, all_names, bound)
    finally:
        await server.stop(None)
