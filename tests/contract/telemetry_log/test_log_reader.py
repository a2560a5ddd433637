"""Readers of the log miss nothing, whatever commits in which order, and get everything in one order."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.log import BEGINNING, Position, postgres_reader
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.postgres_reader import PostgresLogReader
from tests.support.event_log import PRODUCTION, insert_event, insert_events, make_days_around_now, migrated_pool

PATIENCE_SECONDS = 60

ReadNames = Callable[[], Awaitable[list[str]]]
"""Reads on from where it stands, and returns the names of the events that it got."""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Yield a pool on a log with partitions around today."""
    async with migrated_pool(database_url) as opened:
        async with opened.connection() as connection:
            await make_days_around_now(connection)
        yield opened


@pytest.fixture
def reader(pool: PostgresPool, tmp_path: Path) -> PostgresLogReader:
    """Return a reader."""
    return PostgresLogReader(pool, ArchivedLog(tmp_path))


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of a writer."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


def following(reader: PostgresLogReader, limit: int = 1_000) -> ReadNames:
    """Return a reader that goes by positions."""
    position = BEGINNING

    async def read_on() -> list[str]:
        nonlocal position
        epoch, names = await reader.epoch(), []
        while True:
            found = await reader.read(PRODUCTION, epoch, position, limit)
            names += [row.name for row in found.rows]
            position = found.position
            if found.at_end:
                return names

    return read_on


def naive(pool: PostgresPool) -> ReadNames:
    """Return a reader that goes by the highest transaction that it has seen, as one by a sequence does."""
    seen = 0

    async def read_on() -> list[str]:
        nonlocal seen
        async with pool.connection() as connection:
            rows = await connection.fetch("SELECT name, xid FROM events WHERE xid > $1 ORDER BY xid, ord", seen)
        if rows:
            seen = rows[-1]["xid"]
        return [row["name"] for row in rows]

    return read_on


async def read_while_a_slow_transaction_is_overtaken(database_url: str, read: ReadNames) -> list[str]:
    """Let one transaction begin, a later one commit, and then the first; read at each step."""
    names = []
    async with connected(database_url) as slow, connected(database_url) as quick:
        transaction = slow.transaction()
        await transaction.start()
        await insert_event(slow, "slow")
        await insert_events(quick, ["quick"])
        names += await read()
        await insert_events(quick, ["quicker"])
        names += await read()
        await transaction.commit()
    return names + await read()


async def test_what_a_slow_transaction_commits_late_is_not_missed(database_url: str, reader: PostgresLogReader) -> None:
    """And it comes in its place: readers wait for it."""
    names = await read_while_a_slow_transaction_is_overtaken(database_url, following(reader))
    assert names == ["slow", "quick", "quicker"]


async def test_a_reader_by_sequence_would_miss_it(database_url: str, pool: PostgresPool) -> None:
    """So the test above can fail."""
    names = await read_while_a_slow_transaction_is_overtaken(database_url, naive(pool))
    assert names == ["quick", "quicker"]


async def test_concurrent_writers_some_slow_and_some_failing(database_url: str, reader: PostgresLogReader) -> None:
    """Readers that read all the while get every committed event once, all in the same order."""
    chance = random.Random(7)
    committed: list[str] = []
    writing = True

    async def write(writer: int) -> None:
        async with connected(database_url) as connection:
            for number in range(25):
                names = [f"w{writer}_{number}_{each}" for each in range(chance.randint(1, 5))]
                transaction = connection.transaction()
                await transaction.start()
                for order, name in enumerate(names):
                    await insert_event(connection, name, order=order)
                await asyncio.sleep(chance.choice((0, 0, 0.001, 0.03)))
                if chance.random() < 0.2:
                    await transaction.rollback()
                else:
                    await transaction.commit()
                    committed.extend(names)

    async def follow(limit: int) -> list[str]:
        read, names = following(reader, limit), []
        while writing:
            names += await read()
            await asyncio.sleep(0)
        return names + await read()

    async with asyncio.timeout(PATIENCE_SECONDS):
        readers = [asyncio.create_task(follow(limit)) for limit in (1_000, 7, 3)]
        await asyncio.gather(*[write(writer) for writer in range(6)])
        writing = False
        first, *others = await asyncio.gather(*readers)
    assert len(first) > 200
    assert sorted(first) == sorted(committed)
    assert [other == first for other in others] == [True, True]


async def test_rows_of_other_environments_are_passed(database_url: str, reader: PostgresLogReader) -> None:
    """They are not read, and not looked at again."""
    async with connected(database_url) as connection:
        async with connection.transaction():
            for order in range(1_200):
                await insert_event(connection, "elsewhere", environment="staging", order=order)
        await insert_events(connection, ["here"])
        async with connection.transaction():
            await insert_event(connection, "elsewhere", environment="staging")
    assert await following(reader, limit=2)() == ["here"]
    epoch = await reader.epoch()
    position, rounds = BEGINNING, 0
    while not (found := await reader.read(PRODUCTION, epoch, position, 500)).at_end:
        position, rounds = found.position, rounds + 1
    assert rounds == 2
    assert found.position == await reader.end()
    again = await reader.read(PRODUCTION, epoch, found.position, 500)
    assert (again.position, again.at_end, list(again.rows)) == (found.position, True, [])


async def test_many_rows_of_others_are_passed_at_once(
    database_url: str, reader: PostgresLogReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies where such a stretch ends: nothing of the environment is passed with them."""
    monkeypatch.setattr(postgres_reader, "_LEAST_SCANNED", 2)
    monkeypatch.setattr(postgres_reader, "_MOST_PASSED", 5)
    draw, names = random.Random(3), []
    async with connected(database_url) as connection:
        for number in range(40):
            async with connection.transaction():
                for order in range(draw.randint(0, 12)):
                    await insert_event(connection, "elsewhere", order=order, environment="staging")
                if draw.random() < 0.7:
                    names.append(f"n{number}")
                    await insert_event(connection, names[-1], order=20)
                await insert_event(connection, "elsewhere", order=30, environment="staging")
    for limit in (1, 2, 5):
        assert await following(reader, limit)() == names
    end = await reader.read("development", await reader.epoch(), BEGINNING, 1)
    assert (list(end.rows), end.at_end) == ([], False)
    assert end.position > BEGINNING


async def test_a_position_is_always_that_of_something_committed(database_url: str, reader: PostgresLogReader) -> None:
    """Never that of the horizon: after a crash, ids of transactions that left no trace are given out again."""
    async with connected(database_url) as connection:
        await insert_events(connection, ["first"])
        (xid,) = await connection.fetchrow("SELECT xid::text::bigint FROM events")
        for _ in range(3):
            transaction = connection.transaction()
            await transaction.start()
            await insert_event(connection, "never")
            await transaction.rollback()
        found = await reader.read(PRODUCTION, await reader.epoch(), BEGINNING, 10)
        assert found.position.xid == xid
        assert await reader.end() == found.position


async def test_large_entries_are_read_in_small_portions(database_url: str, reader: PostgresLogReader) -> None:
    """A slice holds at most 2 MiB, but one entry always."""
    async with connected(database_url) as connection, connection.transaction():
        for order, size in enumerate([3_000_000, 10, 1_000_000, 1_000_000, 1_000_000]):
            await insert_event(connection, f"e{order}", order=order, body=b"x" * size)
    epoch, position, portions = await reader.epoch(), BEGINNING, []
    while True:
        found = await reader.read(PRODUCTION, epoch, position, 100)
        portions.append([row.name for row in found.rows])
        position = found.position
        if found.at_end:
            break
    assert portions == [["e0"], ["e1", "e2", "e3"], ["e4"]]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_an_anonymous_subject_that_was_joined_is_the_user(
    database_url: str, reader: PostgresLogReader, limit: int
) -> None:
    """In its own environment and tenant only."""
    async with connected(database_url) as connection:
        await connection.execute(
            "INSERT INTO aliases (environment, tenant, anonymous_id, user_id) VALUES ('production', 'acme', 'x', 'ana')"
        )
        await insert_event(connection, "a", subject="a:x")
        await insert_event(connection, "b", subject="a:x", tenant="other")
        await insert_event(connection, "c", subject="a:y")
        await insert_event(connection, "d", subject="u:x")
    epoch, position, persons = await reader.epoch(), BEGINNING, []
    while True:
        found = await reader.read(PRODUCTION, epoch, position, limit)
        persons += [row.person for row in found.rows]
        position = found.position
        if found.at_end:
            break
    assert persons == ["u:ana", "a:x", "a:y", "u:x"]


async def test_a_transaction_larger_than_a_slice(database_url: str, reader: PostgresLogReader) -> None:
    """It is read on from within."""
    names: Sequence[str] = [f"n{number}" for number in range(40)]
    async with connected(database_url) as connection:
        await insert_events(connection, names)
    first = await reader.read(PRODUCTION, await reader.epoch(), BEGINNING, 15)
    assert [row.name for row in first.rows] == names[:15]
    assert first.position == Position(first.rows[-1].xid, 14)
    assert await following(reader, limit=7)() == names
