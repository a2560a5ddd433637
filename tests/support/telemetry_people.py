"""A telemetry database with people in it: what identities and privacy need, without a service around it."""

import datetime
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

import services.telemetry
from services.runtime.migrations import migrate
from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.events.event_ids import first_id_of
from services.telemetry.events.locks import ERASURE_LOCK
from services.telemetry.events.stored import ERASURE, MERGE, SPLIT, TENANT_ERASURE, body_of
from services.telemetry.events.subjects import subject_of
from services.telemetry.identity.identities import Identities
from services.telemetry.identity.postgres_identities import PostgresIdentities
from services.telemetry.privacy.tombstones import Tombstones

MIGRATIONS = Path(services.telemetry.__file__).parent / "migrations"
PRODUCTION = "production"
NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)

_MESSAGES: dict[int, Any] = {
    MERGE: log_pb2.ActorMerge,
    SPLIT: log_pb2.ActorSplit,
    ERASURE: log_pb2.ActorErasure,
    TENANT_ERASURE: log_pb2.TenantErasure,
}


class People:
    """One database, and short ways to write into it as the service does."""

    def __init__(self, pool: PostgresPool, url: str, hash_secret: bytes) -> None:
        self.pool = pool
        self.url = url
        self.hash_secret = hash_secret
        self.tombstones = Tombstones(hash_secret)
        self.notified = 0
        self.identities = Identities(
            PostgresIdentities(pool, self.tombstones, hash_secret, self._notify), hash_secret, lambda: NOW
        )

    def _notify(self) -> None:
        self.notified += 1

    async def write(self, *events: event_pb2.Event, received_at: datetime.datetime | None = None) -> list[bool]:
        """Write events as ingestion does, in one transaction; return which were taken: not those of erased people."""
        async with self.pool.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", ERASURE_LOCK)
            await self.tombstones.refresh(connection)
            taken = [not self.tombstones.erased(PRODUCTION, each.tenant, _subject(each)) for each in events]
            at = received_at or await connection.fetchval("SELECT now()")
            fresh = [each for each, is_taken in zip(events, taken, strict=True) if is_taken]
            await connection.copy_records_to_table(
                "event_keys",
                records=[(uuid.UUID(bytes=each.id), PRODUCTION, each.tenant, 7) for each in fresh],
                columns=("event_id", "environment", "tenant", "digest"),
            )
            await connection.copy_records_to_table(
                "events",
                records=[_row(number, each, at) for number, each in enumerate(fresh)],
                columns=(
                    "received_at", "ord", "environment", "tenant", "subject", "name", "event_id", "occurred_at", "body",
                ),
            )  # fmt: skip
        return taken

    async def write_dead_letter(self, event: event_pb2.Event) -> None:
        """Keep an event as a dead letter."""
        await self.execute(
            """
            INSERT INTO dead_letters (
                id, environment, tenant, subject, name, event_id, reason, field, message, definition_version, event,
                occurred_at, time_marks, digest
            ) VALUES ($1, $2, $3, $4, $5, $6, 30, 'properties.valor', 'is required', 1, $7, now(), '{}', 0)
            """,
            uuid.uuid4(), PRODUCTION, event.tenant, _subject(event), event.name, uuid.UUID(bytes=event.id),
            event.SerializeToString(),
        )  # fmt: skip

    async def execute(self, statement: str, *arguments: object) -> None:
        """Execute one statement."""
        async with self.pool.transaction() as connection:
            await connection.execute(statement, *arguments)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Return rows."""
        async with self.pool.connection() as connection:
            rows: list[Any] = await connection.fetch(query, *arguments)
            return rows

    async def count(self, table: str, where: str = "true") -> int:
        """Return how many rows a table has."""
        [row] = await self.fetch(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - the test's own words
        return int(row[0])

    async def entries(self) -> list[Any]:
        """Return what the log holds besides events, in its order."""
        rows = await self.fetch("SELECT kind, body FROM events WHERE kind <> 1 ORDER BY xid, ord")
        return [_MESSAGES[row["kind"]].FromString(row["body"]) for row in rows]


@asynccontextmanager
async def people(database_url: str) -> AsyncIterator[People]:
    """Yield an up-to-date database with a partition for each of the last and next days."""
    await migrate(database_url, "telemetry", MIGRATIONS)
    async with open_pool(database_url, "telemetry") as pool:
        async with pool.transaction() as connection:
            secret = await connection.fetchval("SELECT hash_secret FROM telemetry_installation")
            today = datetime.datetime.now(datetime.UTC).date()
            for days in range(-12, 3):
                await _create_partitions(connection, today + datetime.timedelta(days=days))
        yield People(pool, database_url, secret)


async def _create_partitions(connection: asyncpg.Connection, day: datetime.date) -> None:
    following = day + datetime.timedelta(days=1)
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS events_{day:%Y%m%d} PARTITION OF events"
        f" FOR VALUES FROM ('{day} 00:00+00') TO ('{following} 00:00+00')"
    )
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS event_keys_{day:%Y%m%d} PARTITION OF event_keys"
        f" FOR VALUES FROM ('{first_id_of(day)}') TO ('{first_id_of(following)}')"
    )


def event(
    tenant: str = "acme", *, user_id: str = "", anonymous_id: str = "", name: str = "venda_criada", **properties: str
) -> event_pb2.Event:
    """Return an event with an id of its own."""
    made = event_pb2.Event(
        id=_uuid7(), name=name, tenant=tenant, user_id=user_id, anonymous_id=anonymous_id, session_id="s-1"
    )
    for key, value in properties.items():
        made.properties[key].string_value = value
    return made


def events(count: int, **fields: Any) -> Sequence[event_pb2.Event]:
    """Return so many events."""
    return [event(**fields) for _ in range(count)]


def _subject(each: event_pb2.Event) -> str:
    return subject_of(each.user_id, each.anonymous_id)


def _row(number: int, each: event_pb2.Event, received_at: datetime.datetime) -> tuple[object, ...]:
    occurred_us = int(received_at.timestamp() * 1_000_000)
    if each.HasField("occurred_at"):
        occurred_us = each.occurred_at.ToMicroseconds()
    body = body_of(each.SerializeToString(), occurred_us, (), 1)
    occurred_at = datetime.datetime.fromtimestamp(occurred_us / 1_000_000, datetime.UTC)
    return (
        received_at, number, PRODUCTION, each.tenant, _subject(each), each.name, uuid.UUID(bytes=each.id), occurred_at,
        body,
    )  # fmt: skip


def _uuid7() -> bytes:
    milliseconds = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
    made = bytearray(milliseconds.to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    made[6] = 0x70 | made[6] & 0x0F
    return bytes(made)
