"""Days of the log go to files, from then on are read from there, and are dropped only when that is sure."""

import datetime
from pathlib import Path

import asyncpg
import pyarrow.parquet as pq
import pytest

from services.telemetry.events.locks import ARCHIVE_LOCK
from services.telemetry.log import BEGINNING, LogRow, Position
from services.telemetry.log.archive_files import ArchiveDamaged
from services.telemetry.log.archiving import Archiving, ErasureUnderWay
from services.telemetry.log.postgres_partitions import present_days
from services.telemetry.log.postgres_reader import PostgresLogReader
from tests.support.event_log import NOON, PRODUCTION, insert_day, insert_event, make_days, migrated_pool

DAYS = [NOON.date() + datetime.timedelta(days=number) for number in range(4)]


async def read_all(reader: PostgresLogReader, limit: int = 1_000, after: Position = BEGINNING) -> list[LogRow]:
    """Return all entries of the environment after a position."""
    epoch, position = await reader.epoch(), after
    rows: list[LogRow] = []
    while True:
        found = await reader.read(PRODUCTION, epoch, position, limit)
        rows += found.rows
        position = found.position
        if found.at_end:
            return rows


@pytest.fixture
async def names(connection: asyncpg.Connection) -> list[str]:
    """Fill four days; return the names of the environment's entries in their order."""
    await make_days(connection, *DAYS)
    await connection.execute(
        "INSERT INTO aliases (environment, tenant, anonymous_id, user_id) VALUES ('production', 'acme', 'x', 'ana')"
    )
    return [name for day in DAYS for name in await insert_day(connection, day)]


@pytest.mark.parametrize("limit", [1_000, 3])
async def test_archived_days_are_read_like_the_others(
    connection: asyncpg.Connection, reader: PostgresLogReader, folder: Path, names: list[str], limit: int
) -> None:
    """Every entry is the same, in the same order, with the same person, and from any position on."""
    before = await read_all(reader)
    assert [row.name for row in before] == names
    assert {row.person for row in before} == {"u:ana", ""}
    for day in DAYS[:3]:
        await Archiving(folder).archive(connection, day)
        assert await read_all(reader, limit) == before
    assert await present_days(connection, "events") == DAYS[3:]
    for number, row in enumerate(before):
        assert await read_all(reader, limit, Position(row.xid, row.order)) == before[number + 1 :]


async def test_transactions_of_two_days_stay_in_order(
    connection: asyncpg.Connection, reader: PostgresLogReader, folder: Path
) -> None:
    """Around midnight days share transactions; one of them may be in a file and the other not, or both in files."""
    await make_days(connection, *DAYS[:2])
    evening = datetime.datetime.combine(DAYS[0], datetime.time(23, 59), datetime.UTC)
    morning = evening + datetime.timedelta(minutes=2)
    for number in range(20):
        async with connection.transaction():
            await insert_event(connection, f"n{number}_0", received_at=(evening, morning)[number % 2])
            await insert_event(connection, f"n{number}_1", order=1, received_at=(morning, evening)[number % 3 % 2])
    before = await read_all(reader)
    assert len(before) == 40
    for day in DAYS[:2]:
        await Archiving(folder).archive(connection, day)
        assert await read_all(reader) == before
        assert await read_all(reader, 1) == before


async def test_end_of_a_log_that_is_all_archived(
    connection: asyncpg.Connection, reader: PostgresLogReader, folder: Path, names: list[str]
) -> None:
    """New entries still come after everything."""
    del names
    for day in DAYS:
        await Archiving(folder).archive(connection, day)
    end = await reader.end()
    await make_days(connection, DAYS[3] + datetime.timedelta(days=1))
    await insert_event(connection, "new", received_at=NOON + datetime.timedelta(days=4))
    assert [row.name for row in await read_all(reader, after=end)] == ["new"]


async def test_what_an_archive_holds(connection: asyncpg.Connection, folder: Path, names: list[str]) -> None:
    """Every column of every row, in the order of the log; and the database knows which file it is."""
    del names
    expected = [
        tuple(row)
        for row in await connection.fetch(
            "SELECT xid::text::bigint, ord, kind, environment, tenant, subject, name, received_at, uuid_send(event_id),"
            " occurred_at, body FROM events WHERE received_at < $1 ORDER BY xid, ord",
            datetime.datetime.combine(DAYS[1], datetime.time(), datetime.UTC),
        )
    ]
    await Archiving(folder).archive(connection, DAYS[0])
    recorded = await connection.fetchrow("SELECT * FROM archives")
    assert (recorded["day"], recorded["entries"]) == (DAYS[0], len(expected))
    (file,) = folder.iterdir()
    assert (recorded["file"], recorded["bytes"]) == (file.name, file.stat().st_size)
    table = pq.read_table(file)
    assert list(zip(*[column.to_pylist() for column in table.columns], strict=True)) == expected
    assert pq.read_metadata(file).row_group(0).column(0).compression == "ZSTD"


async def test_a_changed_file_is_not_enough_to_drop_a_day(
    connection: asyncpg.Connection, folder: Path, names: list[str]
) -> None:
    """Whether bytes, rows or the record are other than what the database holds."""
    del names
    archiving = Archiving(folder)
    with pytest.raises(ArchiveDamaged, match="has no archive"):
        await archiving.drop(connection, DAYS[0])
    await archiving.write(connection, DAYS[0])
    (file,) = folder.iterdir()
    good = file.read_bytes()
    for bad in (good[:-1], good[:100] + bytes([good[100] ^ 1]) + good[101:], b""):
        file.write_bytes(bad)
        with pytest.raises(ArchiveDamaged, match="was changed"):
            await archiving.drop(connection, DAYS[0])
    file.write_bytes(good)
    await connection.execute("DELETE FROM events WHERE name = 'd10_0_0'")
    with pytest.raises(ArchiveDamaged, match="not what the database holds"):
        await archiving.drop(connection, DAYS[0])
    assert await present_days(connection, "events") == DAYS
    assert await connection.fetchval("SELECT dropped_at FROM archives") is None


async def test_a_damaged_archive_is_written_anew_while_the_day_is_there(
    connection: asyncpg.Connection, reader: PostgresLogReader, folder: Path, names: list[str]
) -> None:
    """What was cut short, or rotted, is done again from the database; the old file goes."""
    archiving = Archiving(folder)
    await archiving.write(connection, DAYS[0])
    (file,) = folder.iterdir()
    file.write_bytes(b"rotten")
    await archiving.archive(connection, DAYS[0])
    assert [each.name for each in folder.iterdir()] == [await connection.fetchval("SELECT file FROM archives")]
    assert [row.name for row in await read_all(reader)] == names


async def test_a_dropped_day_whose_file_was_changed_is_not_streamed(
    connection: asyncpg.Connection, reader: PostgresLogReader, folder: Path, names: list[str]
) -> None:
    """Readers are told, and never get something else."""
    del names
    await Archiving(folder).archive(connection, DAYS[0])
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveDamaged, match="was changed"):
        await read_all(reader)


async def test_a_folder_that_cannot_be_written_to(
    connection: asyncpg.Connection, folder: Path, names: list[str]
) -> None:
    """Nothing is dropped, nothing is recorded, and the locks are free again."""
    del names
    folder.write_text("a file")
    with pytest.raises(OSError, match="archive"):
        await Archiving(folder).archive(connection, DAYS[0])
    assert await present_days(connection, "events") == DAYS
    assert await connection.fetchval("SELECT count(*) FROM archives") == 0
    assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


async def test_a_sealed_day_takes_no_rows(connection: asyncpg.Connection, names: list[str]) -> None:
    """What is erased can still be deleted."""
    del names
    await Archiving(Path()).seal(connection, DAYS[0])
    with pytest.raises(asyncpg.CheckViolationError):
        await insert_event(connection, "late", received_at=NOON)
    assert await connection.execute("DELETE FROM events WHERE name = 'd10_0_0'") == "DELETE 1"


async def test_sealing_waits_for_who_may_still_commit(
    connection: asyncpg.Connection, database_url: str, names: list[str]
) -> None:
    """A day with a row that is not committed is not sealed now."""
    del names
    async with migrated_pool(database_url) as pool, pool.transaction() as writing:
        await insert_event(writing, "late", received_at=NOON)
        await connection.execute("SET lock_timeout = '10ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await Archiving(Path()).seal(connection, DAYS[0])


async def test_no_day_is_archived_during_an_erasure(
    connection: asyncpg.Connection, database_url: str, folder: Path, names: list[str]
) -> None:
    """It waits for the next round."""
    del names
    erasing = await asyncpg.connect(database_url)
    try:
        await erasing.fetchval("SELECT pg_advisory_lock($1)", ARCHIVE_LOCK)
        with pytest.raises(ErasureUnderWay):
            await Archiving(folder).archive(connection, DAYS[0])
        await erasing.fetchval("SELECT pg_advisory_unlock($1)", ARCHIVE_LOCK)
    finally:
        await erasing.close()
    await Archiving(folder).archive(connection, DAYS[0])
