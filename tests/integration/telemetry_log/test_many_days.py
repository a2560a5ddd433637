"""Reading over hundreds of days goes by stretches, and leaves nothing out whatever days transactions are in."""

import datetime
import random
from pathlib import Path

import asyncpg
import pytest

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.log import BEGINNING, END, Position
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.archiving import Archiving
from services.telemetry.log.postgres_reader import PostgresLogReader
from tests.support.event_log import PRODUCTION, insert_event, make_days

DAYS = 40


@pytest.fixture
def days(today: datetime.date) -> list[datetime.date]:
    """Return forty days up to tomorrow."""
    return [today + datetime.timedelta(days=number - DAYS + 2) for number in range(DAYS)]


async def fill(
    connection: asyncpg.Connection, days: list[datetime.date], jumps: float, transactions: int = 150
) -> list[str]:
    """Write transactions day after day, some of them in any day, as clocks that jump would; return the names."""
    chance = random.Random(3)
    names = []
    await make_days(connection, *days)
    for number in range(transactions):
        async with connection.transaction():
            for order in range(chance.randint(1, 3)):
                day = chance.choice(days) if chance.random() < jumps else days[number * (DAYS - 1) // transactions]
                at = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
                names.append(f"n{number}_{order}")
                await insert_event(connection, names[-1], order=order, received_at=at)
    return names


async def read_names(reader: PostgresLogReader, limit: int) -> list[str]:
    """Return the names of all events."""
    epoch, position, names = await reader.epoch(), BEGINNING, []
    while True:
        found = await reader.read(PRODUCTION, epoch, position, limit)
        names += [row.name for row in found.rows]
        position = found.position
        if found.at_end:
            assert position == await reader.end()
            return names


@pytest.mark.parametrize("jumps", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("limit", [1_000, 4])
async def test_all_events_in_the_order_of_the_log(
    connection: asyncpg.Connection, pool: PostgresPool, days: list[datetime.date], jumps: float, limit: int
) -> None:
    """With days open, and some of them sealed; for a reader that knows them, and one that learns of them."""
    names = await fill(connection, days, jumps)
    reader = PostgresLogReader(pool, ArchivedLog(Path()))
    assert await read_names(reader, limit) == names
    for day in days[:-3]:
        await Archiving(Path()).seal(connection, day)
    assert await read_names(PostgresLogReader(pool, ArchivedLog(Path())), limit) == names
    assert await read_names(reader, limit) == names


async def test_days_that_are_dropped_while_readers_read(
    connection: asyncpg.Connection, reader: PostgresLogReader, days: list[datetime.date], folder: Path
) -> None:
    """One that stands anywhere goes on in the archives."""
    names = await fill(connection, days, 0.1)
    epoch, position, found = await reader.epoch(), BEGINNING, []
    for day in days[: DAYS // 2]:
        part = await reader.read(PRODUCTION, epoch, position, 5)
        found += [row.name for row in part.rows]
        position = part.position
        await Archiving(folder).archive(connection, day)
    while not part.at_end:
        part = await reader.read(PRODUCTION, epoch, position, 5)
        found += [row.name for row in part.rows]
        position = part.position
    assert found == names


async def test_a_poll_looks_at_open_days_only(
    connection: asyncpg.Connection, pool: PostgresPool, days: list[datetime.date]
) -> None:
    """What polling costs does not grow with the log."""
    await fill(connection, days, 0.0)
    for day in days[:-3]:
        await Archiving(Path()).seal(connection, day)
    reader = PostgresLogReader(pool, ArchivedLog(Path()))
    epoch, end = await reader.epoch(), await reader.end()
    await reader.read(PRODUCTION, epoch, end, 100)
    before = await scans(pool)
    for _ in range(3):
        await reader.read(PRODUCTION, epoch, end, 100)
    looked_at = {name for name, count in (await scans(pool)).items() if count > before[name]}
    assert looked_at == {f"events_{day:%Y%m%d}" for day in days[-3:]}


async def scans(pool: PostgresPool) -> dict[str, int]:
    """Return how often each partition was looked into over the pool's connection, which one at a time uses."""
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        rows = await connection.fetch(
            "SELECT relname, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables "
            "WHERE relname LIKE 'events\\_%'"
        )
    return {row[0]: row[1] for row in rows}


async def test_an_unfinished_transaction_at_the_end_of_a_sealed_day(
    connection: asyncpg.Connection, reader: PostgresLogReader, days: list[datetime.date]
) -> None:
    """Its other rows are still read."""
    await make_days(connection, *days)
    at = datetime.datetime.combine(days[0], datetime.time(12), datetime.UTC)
    async with connection.transaction():
        for order in range(3):
            await insert_event(connection, f"n{order}", order=order, received_at=at)
    for day in days[:-3]:
        await Archiving(Path()).seal(connection, day)
    epoch = await reader.epoch()
    first = await reader.read(PRODUCTION, epoch, BEGINNING, 2)
    assert first.position.order == 1
    second = await reader.read(PRODUCTION, epoch, first.position, 2)
    assert [row.name for row in second.rows] == ["n2"]
    assert second.position == Position(first.position.xid, END)
