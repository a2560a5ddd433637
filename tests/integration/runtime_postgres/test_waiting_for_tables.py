"""Services that do not migrate themselves wait for whoever does."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from services.migrate.app import migrate_all, migrated_services
from services.runtime.migrations import MigrationError, missing_migrations
from services.runtime.postgres.opening import open_migrated


def folder(root: Path, *files: str) -> Path:
    """Return a folder of migrations that make a table each."""
    made = root / "migrations"
    made.mkdir(parents=True, exist_ok=True)
    for name in files:
        (made / f"{name}.sql").write_text(f"CREATE TABLE t{name} (a int);")
    return made


async def tables(url: str) -> set[str]:
    """Return the tables of a database."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {str(row["tablename"]) for row in rows}
    finally:
        await connection.close()


async def test_a_service_waits_until_its_tables_are_there(database_url: str, tmp_path: Path) -> None:
    """With MIRANTE_MIGRATE off it creates nothing, and opens as soon as somebody else has migrated."""
    files = folder(tmp_path, "0001_one", "0002_two")
    missing = await missing_migrations(database_url, "mine", files)
    assert [str(each) for each in missing] == ["0001_one", "0002_two"]

    async def opening(_stack: AsyncExitStack) -> str:
        return "open"

    async with AsyncExitStack() as stack:
        waiting = asyncio.create_task(open_migrated(stack, database_url, "mine", files, opening, migrates=False))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done
        assert await tables(database_url) == set()
        assert await open_migrated(stack, database_url, "mine", files, opening, migrates=True) == "open"
        assert await waiting == "open"


async def test_an_older_version_goes_on_beside_a_newer_schema(database_url: str, tmp_path: Path) -> None:
    """What a newer version added is no reason to wait; what was changed behind our back is an error."""
    async with AsyncExitStack() as stack:
        newer = folder(tmp_path / "new", "0001_one", "0002_two")

        async def opening(_stack: AsyncExitStack) -> None:
            return None

        await open_migrated(stack, database_url, "mine", newer, opening, migrates=True)
    older = folder(tmp_path / "old", "0001_one")
    assert await missing_migrations(database_url, "mine", older) == []
    (older / "0001_one.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="was changed"):
        await missing_migrations(database_url, "mine", older)


async def test_one_run_migrates_every_service(database_url: str) -> None:
    """`services.migrate` finds the tables of all services, and a second run has nothing to do."""
    services = dict(migrated_services())
    assert {"flags", "telemetry", "metrics"} <= set(services)
    await migrate_all(database_url)
    for name, files in services.items():
        assert list(await missing_migrations(database_url, name, files)) == []
    before = await tables(database_url)
    await migrate_all(database_url)
    assert await tables(database_url) == before
