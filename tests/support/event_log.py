"""The event log on a real database, and rows to put into it."""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

import services.telemetry
from services.runtime.migrations import migrate
from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.events.stored import EVENT, body_of
from services.telemetry.log.postgres_reader import READER_SETTINGS

MIGRATIONS = Path(services.telemetry.__file__).parent / "migrations"
PRODUCTION = "production"
NOON = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)


@asynccontextmanager
async def migrated_pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Yield a pool such as readers of the log have, on a database that this brings up to date."""
    await migrate(database_url, "telemetry", MIGRATIONS)
    async with open_pool(database_url, "telemetry", settings=READER_SETTINGS) as pool:
        yield pool


async def make_days(connection: asyncpg.Connection, *days: datetime.date) -> None:
    """Create partitions of the log."""
    for day in days:
        after = day + datetime.timedelta(days=1)
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS events_{day:%Y%m%d} PARTITION OF events "
            f"FOR VALUES FROM ('{day} 00:00+00') TO ('{after} 00:00+00')"
        )


async def make_days_around_now(connection: asyncpg.Connection) -> None:
    """Create partitions of the log from yesterday to tomorrow."""
    today = datetime.datetime.now(datetime.UTC).date()
    await make_days(connection, *[today + datetime.timedelta(days=number) for number in (-1, 0, 1)])


def event(name: str, number: int = 0, tenant: str = "acme", user_id: str = "", anonymous_id: str = "") -> bytes:
    """Return a serialised event; the number is in its id."""
    message = event_pb2.Event(
        id=UUID(int=7 << 76 | 2 << 62 | number).bytes,
        name=name,
        tenant=tenant,
        user_id=user_id,
        anonymous_id=anonymous_id,
    )
    message.properties["numero"].int_value = number
    return message.SerializeToString()


async def insert_event(
    connection: asyncpg.Connection,
    name: str,
    number: int = 0,
    *,
    environment: str = PRODUCTION,
    tenant: str = "acme",
    subject: str = "u:ana",
    order: int = 0,
    received_at: datetime.datetime | None = None,
    body: bytes | None = None,
) -> None:
    """Insert one row as a writer does, under the present transaction; now unless another time is given."""
    user, anonymous = (subject[2:], "") if subject.startswith("u:") else ("", subject[2:])
    content = event(name, number, tenant, user, anonymous)
    occurred_us = 1_772_000_000_000_000 + number
    await connection.execute(
        "INSERT INTO events (received_at, ord, kind, environment, tenant, subject, name, event_id, occurred_at, body) "
        "VALUES (coalesce($1, now()), $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        received_at,
        order,
        EVENT,
        environment,
        tenant,
        subject,
        name,
        UUID(int=7 << 76 | 2 << 62 | number),
        datetime.datetime.fromtimestamp(occurred_us / 1_000_000, datetime.UTC),
        body_of(content, occurred_us, (), 1) if body is None else body,
    )


async def insert_events(
    connection: asyncpg.Connection, names: Sequence[str], *, received_at: datetime.datetime | None = None
) -> None:
    """Insert several events in one transaction, numbered from 0."""
    async with connection.transaction():
        for number, name in enumerate(names):
            await insert_event(connection, name, number, order=number, received_at=received_at)


async def insert_day(
    connection: asyncpg.Connection, day: datetime.date, *, transactions: int = 3, rows: int = 4
) -> list[str]:
    """Fill a day with events, an entry of another kind and ids of two environments; return production's names."""
    names = []
    for number in range(transactions):
        async with connection.transaction():
            for order in range(rows):
                at = datetime.datetime.combine(day, datetime.time(1 + number, order), datetime.UTC)
                names.append(f"d{day:%d}_{number}_{order}")
                await insert_event(connection, names[-1], order, order=2 * order, received_at=at, subject="a:x")
                await insert_event(connection, "elsewhere", environment="staging", order=2 * order + 1, received_at=at)
    await connection.execute(
        "INSERT INTO events (received_at, ord, kind, environment, tenant, subject, name, body) "
        "VALUES ($1, 0, 2, 'production', 'acme', '', '', $2)",
        datetime.datetime.combine(day, datetime.time(23), datetime.UTC),
        log_pb2.ActorMerge(tenant=f"entry of {day}").SerializeToString(),
    )
    return [*names, ""]
