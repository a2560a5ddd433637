"""Migrations on a real Postgres."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from services.runtime.migrations import MigrationError, migrate
from services.runtime.postgres.outages import CONNECTION_LOST

FILES = {
    "0001_flags.sql": "CREATE TABLE flags (key text PRIMARY KEY);",
    "0002_first_flag.sql": "INSERT INTO flags VALUES ('dark_mode'); INSERT INTO flags VALUES ('multi_moeda');",
    "0003_owner.sql": "ALTER TABLE flags ADD COLUMN owner text NOT NULL DEFAULT '';",
}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write the files into the folder, beside those that are there."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


async def flags_in(database_url: str) -> list[str]:
    """The rows that the second file inserts, with repetitions if it ran more than once."""
    connection = await asyncpg.connect(database_url)
    try:
        return [row["key"] for row in await connection.fetch("SELECT key FROM flags ORDER BY key")]
    finally:
        await connection.close()


async def test_each_file_is_applied_once_and_in_order(database_url: str, tmp_path: Path) -> None:
    """The first call applies all files, the next none, and one that brings a new file only that."""
    folder = write_files(tmp_path / "sql", FILES)
    assert [str(each) for each in await migrate(database_url, "flags", folder)] == [
        "0001_flags",
        "0002_first_flag",
        "0003_owner",
    ]
    assert await migrate(database_url, "flags", folder) == []
    write_files(folder, {"0004_more.sql": "ALTER TABLE flags ADD COLUMN tags text[];"})
    assert [each.number for each in await migrate(database_url, "flags", folder)] == [4]


async def test_replicas_that_start_at_once(database_url: str, tmp_path: Path) -> None:
    """Four connections migrate an empty database at the same moment: every file is applied by exactly one of them."""
    folder = write_files(tmp_path / "sql", {**FILES, "0004_slow.sql": "SELECT pg_sleep(0.05);"})
    connections = [await asyncpg.connect(database_url) for _ in range(4)]
    try:
        answers = await asyncio.gather(*(migrate(connection, "flags", folder) for connection in connections))
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))
    assert sorted(each.number for applied in answers for each in applied) == [1, 2, 3, 4]
    assert await flags_in(database_url) == ["dark_mode", "multi_moeda"]


async def test_an_edited_migration_is_refused(database_url: str, tmp_path: Path) -> None:
    """Once a file was applied, its text is history; line ends do not count."""
    folder = write_files(tmp_path / "sql", FILES)
    await migrate(database_url, "flags", folder)
    (folder / "0002_first_flag.sql").write_bytes(FILES["0002_first_flag.sql"].replace("\n", "\r\n").encode())
    assert await migrate(database_url, "flags", folder) == []
    write_files(folder, {"0002_first_flag.sql": "SELECT 1;", "0004_more.sql": "CREATE TABLE more ();"})
    with pytest.raises(MigrationError, match=r"0002_first_flag\.sql was changed after it was applied"):
        await migrate(database_url, "flags", folder)
    (folder / "0002_first_flag.sql").write_text(FILES["0002_first_flag.sql"])
    assert [each.number for each in await migrate(database_url, "flags", folder)] == [4]


async def test_a_newer_database_is_refused(database_url: str, tmp_path: Path) -> None:
    """Code that does not know a migration of the database names it and changes nothing."""
    folder = write_files(tmp_path / "sql", FILES)
    await migrate(database_url, "flags", folder)
    (folder / "0003_owner.sql").unlink()
    with pytest.raises(MigrationError, match="the database has 0003_owner, which this version does not know"):
        await migrate(database_url, "flags", folder)


async def test_a_failing_file_leaves_nothing_of_itself(database_url: str, tmp_path: Path) -> None:
    """Files before the broken one stay, the broken one is rolled back whole, and once repaired it is applied."""
    broken = "INSERT INTO flags VALUES ('lazy_loading'); INSERT INTO nowhere VALUES (1);"
    folder = write_files(tmp_path / "sql", {**FILES, "0004_broken.sql": broken})
    with pytest.raises(MigrationError, match=r'flags: 0004_broken\.sql failed and was rolled back.*"nowhere"'):
        await migrate(database_url, "flags", folder)
    assert await flags_in(database_url) == ["dark_mode", "multi_moeda"]
    write_files(folder, {"0004_broken.sql": "INSERT INTO flags VALUES ('lazy_loading');"})
    assert [each.number for each in await migrate(database_url, "flags", folder)] == [4]


async def test_services_number_for_themselves(database_url: str, tmp_path: Path) -> None:
    """Two services share the table of migrations and nothing else."""
    flags = write_files(tmp_path / "flags", FILES)
    telemetry = write_files(tmp_path / "telemetry", {"0001_log.sql": "CREATE TABLE log (id bigint PRIMARY KEY);"})
    answers = await asyncio.gather(migrate(database_url, "flags", flags), migrate(database_url, "telemetry", telemetry))
    assert [[each.number for each in applied] for applied in answers] == [[1, 2, 3], [1]]


async def test_timeouts_of_the_database_do_not_apply(database_url: str, tmp_path: Path) -> None:
    """A long migration is not cut off by a statement timeout that is meant for requests."""
    folder = write_files(tmp_path / "sql", {"0001_slow.sql": "SELECT pg_sleep(0.05);"})
    connection = await asyncpg.connect(database_url, server_settings={"statement_timeout": "10"})
    try:
        assert len(await migrate(connection, "flags", folder)) == 1
        assert await connection.fetchval("SHOW statement_timeout") == "10ms"
    finally:
        await connection.close()


async def test_a_lost_connection_is_no_fault_of_the_file(database_url: str, tmp_path: Path) -> None:
    """The caller may try again: nothing of the file was applied."""
    folder = write_files(tmp_path / "sql", FILES)
    ending = "CREATE TABLE half_way (); SELECT pg_terminate_backend(pg_backend_pid());"
    write_files(folder, {"0004_ended.sql": ending})
    with pytest.raises(CONNECTION_LOST):
        await migrate(database_url, "flags", folder)
    write_files(folder, {"0004_ended.sql": "CREATE TABLE half_way ();"})
    assert [each.number for each in await migrate(database_url, "flags", folder)] == [4]
