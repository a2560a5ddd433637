"""The catalogue's service as tests call it: on a real database, with a replayer that stores nothing but that it did."""

import datetime
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from google.protobuf.message import Message
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.event_id import uuid7

from services.runtime.access import Caller, Role, current_caller
from services.runtime.errors import ServiceError
from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.catalogue.catalogue_admin import CatalogueAdmin
from services.telemetry.catalogue.catalogue_servicer import CatalogueServicer
from services.telemetry.catalogue.catalogues import Catalogues
from services.telemetry.catalogue.postgres_dead_letters import PostgresDeadLetters
from services.telemetry.catalogue.postgres_store import PostgresCatalogues
from services.telemetry.catalogue.replaying import Replay, ReplayOutcome
from services.telemetry.catalogue.store import DeadLetterRow
from tests.support.telemetry_catalogue import SECRET
from tests.support.telemetry_database import connected, prepare

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer")

ENVIRONMENTS = ("production", "staging")
ANA = Caller("key-1", "ana", Role.ADMIN, frozenset(ENVIRONMENTS))
NOW = datetime.datetime(2026, 11, 23, 23, 30, tzinfo=datetime.UTC)


class FakeReplayer:
    """A `Replayer` that keeps the ids of what it stored in memory, and notes it in the database."""

    def __init__(self, pool: PostgresPool, catalogues: Catalogues) -> None:
        self._pool = pool
        self._catalogues = catalogues
        self.in_log: set[uuid.UUID] = set()
        self.batches: list[list[DeadLetterRow]] = []

    async def replay(self, environment: str, letters: Sequence[DeadLetterRow]) -> Sequence[ReplayOutcome]:
        """See `Replayer`."""
        self.batches.append(list(letters))
        outcomes = [self._outcome(environment, letter) for letter in letters]
        done = [each.id for each, outcome in zip(letters, outcomes, strict=True) if outcome is not ReplayOutcome.LEFT]
        async with self._pool.transaction() as connection:
            await connection.execute("UPDATE dead_letters SET replayed_at = now() WHERE id = ANY ($1)", done)
        return outcomes

    def _outcome(self, environment: str, letter: DeadLetterRow) -> ReplayOutcome:
        if self._catalogues.of(environment).judge(event_pb2.Event.FromString(letter.event)).refused:
            return ReplayOutcome.LEFT
        if letter.event_id in self.in_log:
            return ReplayOutcome.DUPLICATE
        self.in_log.add(letter.event_id)
        return ReplayOutcome.STORED


class Desk:
    """
    The service, and the database behind it.

    Pages of dead letters are bounded to 10,000 bytes of events.
    """

    def __init__(self, pool: PostgresPool, url: str) -> None:
        self.url = url
        self.store = PostgresCatalogues(pool)
        self.catalogues = Catalogues(self.store, SECRET)
        self.admin = CatalogueAdmin(self.store, self.catalogues.refresh)
        self.replayer = FakeReplayer(pool, self.catalogues)
        letters = PostgresDeadLetters(pool, most_bytes=10_000)
        replay = Replay(letters, self.replayer, self.catalogues.refresh)
        self.servicer = CatalogueServicer(self.admin, self.store, letters, replay, now=lambda: NOW)

    async def call(
        self, method: Callable[[Request, object], Awaitable[Answer]], request: Request, caller: Caller = ANA
    ) -> Answer:
        """Call a method of the servicer as somebody."""
        token = current_caller.set(caller)
        try:
            return await method(request, None)
        finally:
            current_caller.reset(token)

    async def refused(
        self, method: Callable[[Request, object], Awaitable[Answer]], request: Request, caller: Caller = ANA
    ) -> ServiceError:
        """Return the refusal of a call."""
        with pytest.raises(ServiceError) as caught:
            await self.call(method, request, caller)
        return caught.value

    async def import_yaml(self, yaml: str, **fields: object) -> pb2.ImportCatalogueResponse:
        """Import YAML into production; `fields` are those of the request."""
        request = pb2.ImportCatalogueRequest(environment="production", yaml=yaml)
        request.MergeFrom(pb2.ImportCatalogueRequest(**fields))  # type: ignore[arg-type]  # the fields are the caller's
        return await self.call(self.servicer.ImportCatalogue, request)

    async def stored(self) -> pb2.Catalogue:
        """Return the catalogue of production."""
        request = pb2.GetCatalogueRequest(environment="production")
        return (await self.call(self.servicer.GetCatalogue, request)).catalogue

    async def keep(
        self, *events: event_pb2.Event, environment: str = "production", replayed: bool = False
    ) -> list[str]:
        """Make dead letters of events, as taking events in does; return their ids, oldest first."""
        ids = []
        async with connected(self.url) as connection:
            for event in events:
                ids.append(uuid7())
                await connection.execute(
                    """
                    INSERT INTO dead_letters (
                        id, environment, tenant, subject, name, event_id, reason, field, message, definition_version,
                        event, occurred_at, time_marks, digest, replayed_at
                    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 7, $14)
                    """,
                    *(ids[-1], environment, event.tenant, f"u:{event.user_id}", event.name),
                    *(uuid.UUID(bytes=event.id), reasons.ERROR_REASON_CATALOGUE_VIOLATION),
                    *("properties.valor", "is required", 1, event.SerializeToString(), NOW, [1, 4]),
                    NOW if replayed else None,
                )
        return [str(each) for each in ids]

    async def count(self, name: str, day: datetime.date, outcome: int, detail: str, *shards: int) -> None:
        """Count events of production as taking them in does; `shards` are the counts of single shards."""
        async with connected(self.url) as connection:
            await connection.executemany(
                "INSERT INTO coverage VALUES ('production', $1, $2, $3, $4, $5, $6)",
                [(day, name, outcome, detail, shard, events) for shard, events in enumerate(shards)],
            )


@asynccontextmanager
async def open_desk(url: str) -> AsyncIterator[Desk]:
    """Yield the service on an empty database, which this brings up to date."""
    await prepare(url)
    async with open_pool(url, "telemetry") as pool:
        desk = Desk(pool, url)
        await desk.catalogues.refresh()
        yield desk
