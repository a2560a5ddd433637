"""The log is looked after: partitions ahead of time, and what is old archived and dropped."""

import asyncio
import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.runtime.errors import Unavailable
from services.runtime.postgres.leadership import leading
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.event_ids import first_id_of
from services.telemetry.events.locks import LEADER_LOCK
from services.telemetry.log import BEGINNING
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.archiving import Archiving
from services.telemetry.log.postgres_partitions import Partitions, present_days
from services.telemetry.log.postgres_reader import PostgresLogReader
from services.telemetry.log.upkeep import Duty, Upkeep
from tests.support.event_log import insert_day, insert_event, make_days

WINDOW_DAYS, RETENTION_DAYS = 7, 8
DAY = datetime.timedelta(days=1)


def upkeep(url: str, pool: PostgresPool, archiving: Archiving, began: datetime.datetime, *duties: Duty) -> Upkeep:
    """Put the parts together, with the machine's clock."""
    return Upkeep(
        pool,
        archiving,
        database_url=url,
        window_days=WINDOW_DAYS,
        retention_days=RETENTION_DAYS,
        log_began=began,
        clock=lambda: datetime.datetime.now(datetime.UTC),
        duties=duties,
    )


def midnight(day: datetime.date) -> datetime.datetime:
    """Return the beginning of a day."""
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


async def test_replicas_that_start_at_once_create_each_partition_once(
    pool: PostgresPool, connection: asyncpg.Connection, today: datetime.date
) -> None:
    """And another start finds nothing to do."""
    now = midnight(today)
    partitions = Partitions(pool, WINDOW_DAYS, now - 30 * DAY)
    await asyncio.gather(*[partitions.ensure(now) for _ in range(4)])
    await partitions.ensure(now)
    assert await present_days(connection, "events") == [today + number * DAY for number in range(-1, 8)]
    assert await present_days(connection, "event_keys") == [today + number * DAY for number in range(-8, 4)]


async def test_partitions_are_like_their_tables(
    pool: PostgresPool, connection: asyncpg.Connection, today: datetime.date
) -> None:
    """Rows find them, get their defaults, and the keys are unique."""
    await Partitions(pool, WINDOW_DAYS, midnight(today)).ensure(midnight(today))
    await insert_event(connection, "agora")
    place = await connection.fetchrow("SELECT tableoid::regclass::text, xid IS NULL FROM events")
    assert tuple(place) == (f"events_{today:%Y%m%d}", False)
    insert = "INSERT INTO event_keys VALUES ($1, 'production', 'acme', 1) ON CONFLICT DO NOTHING"
    assert await connection.execute(insert, first_id_of(today)) == "INSERT 0 1"
    assert await connection.execute(insert, first_id_of(today)) == "INSERT 0 0"
    plan = await connection.fetch("EXPLAIN SELECT FROM event_keys WHERE event_id = $1", first_id_of(today))
    assert any("Index" in row[0] for row in plan)


async def test_ids_at_midnight_lie_in_their_own_day(
    pool: PostgresPool, connection: asyncpg.Connection, today: datetime.date
) -> None:
    """The last id of a day and the first of the next; before the log there is the default partition."""
    await Partitions(pool, WINDOW_DAYS, midnight(today)).ensure(midnight(today))
    first = first_id_of(today)
    tomorrow = first_id_of(today + DAY)
    for each in (first, tomorrow, type(first)(int=tomorrow.int - 1), type(first)(int=first.int - 1)):
        await connection.execute("INSERT INTO event_keys VALUES ($1, 'production', 'acme', 1)", each)
    rows = await connection.fetch("SELECT tableoid::regclass::text FROM event_keys ORDER BY event_id")
    assert [row[0] for row in rows] == [
        "event_keys_before",
        f"event_keys_{today:%Y%m%d}",
        f"event_keys_{today:%Y%m%d}",
        f"event_keys_{today + DAY:%Y%m%d}",
    ]


async def test_an_id_without_a_partition_is_refused(
    pool: PostgresPool, connection: asyncpg.Connection, today: datetime.date
) -> None:
    """It never lies in the default partition, where it would stop its own day's partition from being created."""
    partitions = Partitions(pool, WINDOW_DAYS, midnight(today))
    await partitions.ensure(midnight(today))
    later = first_id_of(today + 10 * DAY)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO event_keys VALUES ($1, 'production', 'acme', 1)", later)
    await partitions.ensure(midnight(today) + 10 * DAY)
    await connection.execute("INSERT INTO event_keys VALUES ($1, 'production', 'acme', 1)", later)


async def test_a_round_archives_and_drops_what_is_old(
    database_url: str, pool: PostgresPool, connection: asyncpg.Connection, folder: Path, today: datetime.date
) -> None:
    """Readers notice nothing; dedupe keys go once none of their events can be in the database."""
    began = midnight(today - 40 * DAY)
    days = [today - number * DAY for number in (20, 12, 9, 8, 2)]
    await make_days(connection, *days)
    names = [name for day in days for name in await insert_day(connection, day)]
    for age in (31, 8):
        await Partitions(pool, WINDOW_DAYS, began).ensure(midnight(today - age * DAY))
    assert await upkeep(database_url, pool, Archiving(folder), began).round()
    assert await present_days(connection, "events") == [today + number * DAY for number in range(-8, 8)]
    assert await connection.fetchval("SELECT count(*) FROM archives WHERE entries > 0") == 3
    assert min(await present_days(connection, "event_keys")) == today - 16 * DAY
    sealed = await connection.fetch("SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = 'sealed'")
    assert sorted(row[0] for row in sealed) == [f"events_{today - age * DAY:%Y%m%d}" for age in range(8, 1, -1)]
    reader = PostgresLogReader(pool, ArchivedLog(folder))
    found = await reader.read("production", await reader.epoch(), BEGINNING, 1_000)
    assert [row.name for row in found.rows] == names
    assert await upkeep(database_url, pool, Archiving(folder), began).round()


async def test_a_day_that_cannot_be_archived_stays_and_the_others_after_it(
    database_url: str, pool: PostgresPool, connection: asyncpg.Connection, folder: Path, today: datetime.date
) -> None:
    """The rest of the round is done."""
    old = today - 20 * DAY
    await make_days(connection, old)
    await insert_day(connection, old)
    folder.write_text("a file")
    done: list[str] = []

    async def duty() -> None:
        done.append("duty")

    assert await upkeep(database_url, pool, Archiving(folder), midnight(today), duty).round()
    assert old in await present_days(connection, "events")
    assert done == ["duty"]


async def test_one_process_leads(
    database_url: str, pool: PostgresPool, connection: asyncpg.Connection, folder: Path, today: datetime.date
) -> None:
    """The others create partitions and leave the rest to it; when it is gone somebody else does it."""
    old = today - 20 * DAY
    await make_days(connection, old)
    other = upkeep(database_url, pool, Archiving(folder), midnight(today))
    async with leading(database_url, "telemetry", LEADER_LOCK) as leader:
        assert leader is not None
        assert not await other.round()
        assert today in await present_days(connection, "events")
        assert old in await present_days(connection, "events")
    assert await other.round()
    assert old not in await present_days(connection, "events")


async def test_a_leader_whose_connection_was_cut_changes_nothing_any_more(
    database_url: str, pool: PostgresPool, connection: asyncpg.Connection, folder: Path, today: datetime.date
) -> None:
    """Its lock is free, and what it wanted to drop stays."""
    old = today - 20 * DAY
    await make_days(connection, old)
    await insert_day(connection, old)

    class Cut(Archiving):
        async def seal(self, connection: asyncpg.Connection, day: datetime.date) -> None:
            await super().seal(connection, day)
            async with pool.connection() as other:
                await other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = $1 AND application_name LIKE '%leader'",
                    urlsplit(database_url).path[1:],
                )

    with pytest.raises(Unavailable):
        await upkeep(database_url, pool, Cut(folder), midnight(today)).round()
    assert old in await present_days(connection, "events")
    assert await upkeep(database_url, pool, Archiving(folder), midnight(today)).round()
    assert old not in await present_days(connection, "events")
