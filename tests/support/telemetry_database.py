"""A telemetry database for tests: migrated, with the partitions of these days, and what it holds."""

import datetime
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import asyncpg
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.migrations import migrate
from services.telemetry.events.event_ids import first_id_of


async def prepare(url: str) -> None:
    """Bring the tables into an empty database, with partitions from yesterday to tomorrow."""
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, "telemetry", files("services.telemetry") / "migrations")
        await create_partitions(connection)
    finally:
        await connection.close()


async def create_partitions(connection: Any) -> None:
    """Create the partitions of yesterday, today and tomorrow."""
    today = datetime.datetime.now(datetime.UTC).date()
    for distance in (-1, 0, 1):
        day = today + datetime.timedelta(days=distance)
        following = day + datetime.timedelta(days=1)
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS events_{day:%Y%m%d} PARTITION OF events "
            f"FOR VALUES FROM ('{day} 00:00+00') TO ('{following} 00:00+00')"
        )
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS event_keys_{day:%Y%m%d} PARTITION OF event_keys "
            f"FOR VALUES FROM ('{first_id_of(day)}') TO ('{first_id_of(following)}')"
        )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """Lend a connection."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def stored_events(url: str) -> list[event_pb2.StoredEvent]:
    """Return the events of the log, in its order."""
    async with connected(url) as connection:
        rows = await connection.fetch("SELECT body FROM events WHERE kind = 1 ORDER BY xid, ord")
    return [event_pb2.StoredEvent.FromString(row["body"]) for row in rows]


async def stored_ids(url: str) -> list[uuid.UUID]:
    """Return the ids of the log's events, in its order."""
    return [uuid.UUID(bytes=stored.event.id) for stored in await stored_events(url)]
