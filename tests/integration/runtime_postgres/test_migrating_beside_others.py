"""Migrations on tables that an older version works with."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.runtime import migrations
from services.runtime.migrations import MigrationError, migrate


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_LOCK_MILLISECONDS", 100)
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0.1)


@pytest.fixture
async def folder(database_url: str, tmp_path: Path) -> Path:
    """Return migrations of which the first, with two tables, was applied, and the second changes both."""
    (tmp_path / "0001_tables.sql").write_text("CREATE TABLE one (a int); CREATE TABLE two (a int);")
    await migrate(database_url, "mine", tmp_path)
    additions = [f"ALTER TABLE {table} ADD COLUMN b int;" for table in ("one", "two")]
    (tmp_path / "0002_columns.sql").write_text("\n".join(additions))
    return tmp_path


async def test_writers_do_not_wait_behind_a_migration_that_waits(database_url: str, folder: Path) -> None:
    """It lets them pass, and is applied once whoever was in its way is done."""
    reader, writer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    async with reader.transaction():
        await reader.execute("SELECT * FROM two")
        migrating = asyncio.create_task(migrate(database_url, "mine", folder))
        for _ in range(5):
            await writer.execute("INSERT INTO two (a) VALUES (1)", timeout=60)
            await asyncio.sleep(0.1)
        assert not migrating.done()
    assert [str(each) for each in await asyncio.wait_for(migrating, 60)] == ["0002_columns"]
    await writer.execute("INSERT INTO two (a, b) VALUES (1, 2)")
    for connection in (reader, writer):
        await connection.close()


async def test_a_deadlock_is_no_end(database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a writer that takes the tables in another order."""
    monkeypatch.setattr(migrations, "_LOCK_MILLISECONDS", 60_000)
    writer = await asyncpg.connect(database_url)
    await writer.execute(f'ALTER DATABASE "{urlsplit(database_url).path[1:]}" SET deadlock_timeout = 50')
    await writer.execute("SET deadlock_timeout = '60s'")  # so that the migration is the one to fail
    async with writer.transaction():
        await writer.execute("INSERT INTO two (a) VALUES (1)")
        migrating = asyncio.create_task(migrate(database_url, "mine", folder))
        await asyncio.sleep(0.05)
        await writer.execute("INSERT INTO one (a) VALUES (1)", timeout=60)
    assert [str(each) for each in await asyncio.wait_for(migrating, 60)] == ["0002_columns"]
    await writer.close()


async def test_patience_has_an_end(database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it says what is in its way, and nothing of the file is applied."""
    monkeypatch.setattr(migrations, "_PATIENCE_SECONDS", 0.0)
    reader = await asyncpg.connect(database_url)
    async with reader.transaction():
        await reader.execute("SELECT * FROM two")
        with pytest.raises(MigrationError, match="do not let go"):
            await migrate(database_url, "mine", folder)
    columns = await reader.fetchval("SELECT count(*) FROM information_schema.columns WHERE column_name = 'b'")
    assert columns == 0
    await reader.close()
