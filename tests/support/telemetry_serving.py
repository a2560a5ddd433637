"""A telemetry service in this process on real datastores, behind a real socket, and what callers send it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2, raw_batch_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import CatalogueServiceStub
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceStub
from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceStub
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub
from mirante.api.telemetry.v1.privacy_service_pb2_grpc import PrivacyServiceStub

from services.telemetry.app import TelemetryService, running
from services.telemetry.events.locks import ERASURE_LOCK
from services.telemetry.settings import TelemetrySettings
from tests.support.fake_key_registry import INTERNAL_KEY, FakeKeyRegistry, fake_key_registry
from tests.support.serving import PATIENCE_SECONDS, Datastores, Metadata, Refused, bearer
from tests.support.telemetry_database import stored_events

if TYPE_CHECKING:
    from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import CatalogueServiceAsyncStub
    from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceAsyncStub
    from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub
    from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub
    from mirante.api.telemetry.v1.privacy_service_pb2_grpc import PrivacyServiceAsyncStub

PACKAGE = "/mirante.api.telemetry.v1"
INGEST = f"{PACKAGE}.IngestService/Ingest"

_WAITING_FOR_LOCKS = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""

Sent = event_pb2.Event | bytes
"""An event, or the bytes that stand where one should be."""


@dataclass(frozen=True)
class Answered:
    """What became of one event, in words."""

    status: str
    reason: str = ""
    field: str = ""
    message: str = ""
    retry_seconds: float = 0.0
    dead_letter_id: str = ""


ACCEPTED, DUPLICATE = Answered("ACCEPTED"), Answered("DUPLICATE")


class TelemetryServing:
    """A running service, the keys that it lets in, and stubs of everything that it serves."""

    def __init__(
        self, service: TelemetryService, stores: Datastores, registry: FakeKeyRegistry, channel: grpc.aio.Channel
    ) -> None:
        self.service = service
        self.stores = stores
        self.registry = registry
        self.channel = channel
        self.ingest: IngestServiceAsyncStub = IngestServiceStub(channel)
        self.log: EventLogServiceAsyncStub = EventLogServiceStub(channel)
        self.catalogue: CatalogueServiceAsyncStub = CatalogueServiceStub(channel)
        self.identity: IdentityServiceAsyncStub = IdentityServiceStub(channel)
        self.privacy: PrivacyServiceAsyncStub = PrivacyServiceStub(channel)

    @property
    def database_url(self) -> str:
        """Where the log is."""
        return self.stores.database_url

    async def send(
        self, *events: Sent, key: Metadata | None = None, imported: bool = False, **fields: Any
    ) -> list[Answered]:
        """Send one batch, or one of an import; return what became of each event."""
        call: Any
        request: Any
        if imported:
            call = self.channel.unary_unary(f"{PACKAGE}.IngestService/ImportEvents")
            request = raw_batch_pb2.RawImportEventsRequest(events=as_bytes(events), **fields)
        else:
            call = self.channel.unary_unary(INGEST)
            request = raw_batch_pb2.RawIngestRequest(events=as_bytes(events), **fields)
        metadata = key or self.key("admin" if imported else "server")
        response = await call(request.SerializeToString(), metadata=metadata)
        return answered(ingest_pb2.IngestResponse.FromString(response))

    def key(self, role: str) -> Metadata:
        """Return the metadata of the key of a role, which holds production."""
        return bearer(f"secret of {role}")

    async def import_catalogue(self, yaml: str) -> catalogue_pb2.Catalogue:
        """Replace the catalogue of production, which counts at once."""
        request = catalogue_pb2.ImportCatalogueRequest(yaml=yaml)
        return (await self.catalogue.ImportCatalogue(request, metadata=self.key("admin"))).catalogue

    async def dead_letters(self, *, replayed: bool = False) -> Sequence[catalogue_pb2.DeadLetter]:
        """Return the dead letters of production, newest first."""
        request = catalogue_pb2.ListDeadLettersRequest(include_replayed=replayed)
        return (await self.catalogue.ListDeadLetters(request, metadata=self.key("reader"))).dead_letters

    def follow(self, **fields: Any) -> "grpc.aio.UnaryStreamCall[Any, log_pb2.FollowEventsResponse]":
        """Follow the log of production."""
        return self.log.FollowEvents(log_pb2.FollowEventsRequest(**fields), metadata=self.key("internal"))

    async def stored(self) -> list[event_pb2.StoredEvent]:
        """Return the events of the log, in its order."""
        return await stored_events(self.database_url)

    async def stored_ids(self) -> list[bytes]:
        """Return the ids of the log's events, in its order."""
        return [each.event.id for each in await self.stored()]

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Return rows of the database."""
        connection = await asyncpg.connect(self.database_url)
        try:
            rows: list[Any] = await connection.fetch(query, *arguments)
        finally:
            await connection.close()
        return rows

    async def health(self, service: str = "") -> str:
        """Return what health says."""
        answer = await health_pb2_grpc.HealthStub(self.channel).Check(health_pb2.HealthCheckRequest(service=service))
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


@asynccontextmanager
async def telemetry_serving(stores: Datastores, **settings: Any) -> AsyncIterator[TelemetryServing]:
    """Run a service beside a flag service that knows a key of each role; settings are those of `TelemetrySettings`."""
    # The channel outlives the service, so that callers see how it ends.
    async with (
        fake_key_registry() as registry,
        AsyncExitStack() as stack,
        running(settings_for(stores, registry, **settings)) as service,
    ):
        channel = await stack.enter_async_context(open_channel(service.port))
        yield TelemetryServing(service, stores, registry, channel)


def settings_for(stores: Datastores, registry: FakeKeyRegistry, **settings: Any) -> TelemetrySettings:
    """Return settings of a service on these datastores that ends quickly, and asks this registry."""
    quick: dict[str, Any] = {
        "port": 0,
        "drain_seconds": 2.0,
        "follow_poll_seconds": 0.02,
        "flags_address": registry.address,
        "internal_key": INTERNAL_KEY,
    }
    return TelemetrySettings(
        home=stores.home,
        database_url=stores.database_url,
        redis_url=stores.redis_url,
        **(quick | settings),
    )


@asynccontextmanager
async def open_channel(port: int) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel of our own, with small windows: a caller that does not read is soon noticed."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield channel


@asynccontextmanager
async def nothing_is_committed(service: TelemetryServing) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Keep the service's writers waiting for the time of the block, which must be short; yields whether one waits."""
    connection = await asyncpg.connect(service.database_url)

    async def a_writer_waits() -> bool:
        return bool(await connection.fetchval(_WAITING_FOR_LOCKS))

    try:
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({ERASURE_LOCK})")
            yield a_writer_waits
    finally:
        await connection.close()


class IngestStream:
    """One stream of batches, which are numbered from 0 on."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata) -> None:
        call: Any = channel.stream_stream(f"{PACKAGE}.IngestService/IngestStream")
        self.call: Any = call(metadata=metadata)
        self.sent = 0

    async def send(self, *events: Sent) -> None:
        """Send a batch; waits while the service takes none."""
        batch = raw_batch_pb2.RawIngestRequest(events=as_bytes(events))
        request = raw_batch_pb2.RawIngestStreamRequest(batch_id=self.sent, batch=batch)
        await self.call.write(request.SerializeToString())
        self.sent += 1

    async def next(self) -> tuple[int, list[Answered]] | None:
        """Return the number of the next batch that was answered and what became of its events; None at the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                message = await self.call.read()
            except grpc.aio.AioRpcError:
                return None
        if message is grpc.aio.EOF:
            return None
        response = ingest_pb2.IngestStreamResponse.FromString(message)
        return response.batch_id, answered(response.result)

    async def rest(self) -> list[tuple[int, list[Answered]]]:
        """Return all answers that are left."""
        found = []
        while (answer := await self.next()) is not None:
            found.append(answer)
        return found

    async def end(self) -> Refused:
        """Return how the stream has ended."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self.call.code()
        return Refused.of(code, await self.call.details(), await self.call.trailing_metadata())


def as_bytes(events: Sequence[Sent]) -> list[bytes]:
    """Return events as they are on the wire."""
    return [each if isinstance(each, bytes) else each.SerializeToString() for each in events]


def answered(response: ingest_pb2.IngestResponse) -> list[Answered]:
    """Return what became of each event; checks that there is a problem for what is not stored, and for nothing else."""
    found = [Answered(ingest_pb2.EventStatus.Name(each).removeprefix("EVENT_STATUS_")) for each in response.statuses]
    unstored = [index for index, each in enumerate(found) if each.status not in {"ACCEPTED", "DUPLICATE"}]
    assert [problem.index for problem in response.problems] == unstored
    for problem in response.problems:
        found[problem.index] = Answered(
            found[problem.index].status,
            reasons.ErrorReason.Name(problem.reason).removeprefix("ERROR_REASON_"),
            problem.field,
            problem.message,
            problem.retry_after.ToNanoseconds() / 1e9,
            problem.dead_letter_id,
        )
    return found
