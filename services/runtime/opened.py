"""What every service opens when it starts: its port first, so that callers are told to wait, then what it needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.datastores import open_datastores
from services.runtime.redis import RedisClient, open_redis
from services.runtime.server import GrpcServer, open_server
from services.runtime.settings import ServiceSettings, SettingsError
from services.runtime.telemetry.export import Telemetry, open_telemetry


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a service listens; `variable` names the port's setting in errors."""

    host: str
    port: int
    variable: str
    reuseport: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A service that listens and refuses calls as NOT_READY until its `services` are opened."""

    telemetry: Telemetry
    services: InterceptedServices
    server: GrpcServer
    database_url: str = field(repr=False)
    redis: RedisClient


@asynccontextmanager
async def open_service(
    settings: ServiceSettings, name: str, listening: Listening, names: Sequence[str]
) -> AsyncIterator[Opened]:
    """
    Open a service, and close it when the block ends (drain its server before).

    Args:
        settings: of every service.
        name: as traces and metrics call it.
        listening: where.
        names: the full names of its gRPC services, for health and reflection.

    Raises:
        SettingsError: a setting cannot be what it is.
        EmbeddedServerError: a datastore cannot be run here.
    """
    async with AsyncExitStack() as stack:
        telemetry = stack.enter_context(open_telemetry(settings, name))
        services = InterceptedServices()
        server = await stack.enter_async_context(
            open_server(
                settings,
                listening.host,
                listening.port,
                variable=listening.variable,
                reuseport=listening.reuseport,
                services=services,
                names=names,
            )
        )
        try:
            datastores = await stack.enter_async_context(open_datastores(settings))
        except ValueError as error:
            raise SettingsError(str(error)) from None
        try:
            redis = await stack.enter_async_context(open_redis(datastores.redis_url))
        except ValueError:
            raise SettingsError("REDIS_URL: is not the address of a Redis or Valkey") from None
        yield Opened(telemetry, services, server, datastores.database_url, redis)
