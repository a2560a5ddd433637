"""The event log's service alone, on real sockets: any key is known, and its text is its role."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import (
    EventLogServiceStub,
    add_EventLogServiceServicer_to_server,
)

from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import Entrance
from services.runtime.calls.in_flight import InFlight
from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.calls.observed import CallObserver
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.quota import Quotas
from services.runtime.calls.streams import OpenStreams
from services.runtime.errors import ServiceError
from services.runtime.hints.memory import MemoryHints
from services.runtime.postgres.pool import PostgresPool
from services.runtime.settings import ServiceSettings
from services.runtime.telemetry.export import open_telemetry
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.epoch import open_installation
from services.telemetry.log.event_log_servicer import EventLogServicer
from services.telemetry.log.postgres_reader import PostgresLogReader
from services.telemetry.log.postgres_recent import PostgresRecentEvents
from services.telemetry.log.signal import LogSignal
from services.telemetry.log.tailing import TailHub
from services.telemetry.roles import ROLES
from tests.support.event_log import PRODUCTION

if TYPE_CHECKING:
    from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceAsyncStub


class _Keys:
    """Takes "Bearer ROLE" and "Bearer ROLE ENVIRONMENT"."""

    def authenticate(self, authorization: str | None) -> Caller:
        """See `Authenticator`."""
        _, role, *environments = (authorization or "").split()
        return Caller(role, role, Role(role), frozenset(environments or [PRODUCTION]))


class RunningLog:
    """A running service, and its parts."""

    def __init__(
        self, servicer: EventLogServicer, signal: LogSignal, streams: OpenStreams, channel: grpc.aio.Channel
    ) -> None:
        self.servicer = servicer
        self.signal = signal
        self._streams = streams
        self.stub: EventLogServiceAsyncStub = EventLogServiceStub(channel)

    def follow(
        self, cursor: bytes = b"", *, role: str = "internal", **fields: Any
    ) -> "grpc.aio.UnaryStreamCall[pb2.FollowEventsRequest, pb2.FollowEventsResponse]":
        """Follow the log."""
        request = pb2.FollowEventsRequest(cursor=cursor, **fields)
        return self.stub.FollowEvents(request, metadata=key(role))

    def tail(
        self, *, role: str = "reader", **fields: Any
    ) -> "grpc.aio.UnaryStreamCall[pb2.TailEventsRequest, pb2.TailEventsResponse]":
        """Look at events as they come in."""
        request = pb2.TailEventsRequest(**fields)
        return self.stub.TailEvents(request, metadata=key(role))

    def revoke(self, role: str, error: ServiceError) -> None:
        """Close the streams of a key, as a revocation does."""
        self._streams.close_those_of(role, lambda: error)


def key(role: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata of the key of a role."""
    return (("authorization", f"Bearer {role}"),)


@asynccontextmanager
async def running_log(
    pool: PostgresPool, folder: Path, *, poll_seconds: float = 0.02, streams_per_key: int = 100
) -> AsyncIterator[RunningLog]:
    """Serve the log of a database until the block ends."""
    installation = await open_installation(pool)
    reader = PostgresLogReader(pool, ArchivedLog(folder))
    signal = LogSignal(MemoryHints())
    secret = installation.hash_secret
    tails = TailHub(reader, signal, ActorIds(secret), poll_seconds)
    recent = PostgresRecentEvents(pool, folder)
    servicer = EventLogServicer(reader, signal, tails, recent, secret=secret, poll_seconds=poll_seconds)
    streams = OpenStreams(streams_per_key)
    services = InterceptedServices()
    async with AsyncExitStack() as stack:
        telemetry = stack.enter_context(open_telemetry(ServiceSettings(), "test", {}))
        policy = CallPolicy(CallObserver(telemetry), InFlight(100), Entrance(_Keys(), ROLES), Quotas(1e6), streams)
        add_EventLogServiceServicer_to_server(servicer, services.adding(policy))
        services.open()
        server = grpc.aio.server(handlers=[services])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        stack.push_async_callback(server.stop, None)
        # Without probes the windows stay at 64 KiB, so that a caller that does not read is soon noticed.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options))
        yield RunningLog(servicer, signal, streams, channel)
