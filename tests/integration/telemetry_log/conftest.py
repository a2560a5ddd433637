"""A log on a real database."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.postgres_reader import PostgresLogReader
from tests.support.event_log import migrated_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Yield a pool on a log without partitions."""
    async with migrated_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def connection(pool: PostgresPool, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to write with."""
    del pool
    opened = await asyncpg.connect(database_url)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the archives, which is not there yet."""
    return tmp_path / "archive"


@pytest.fixture
def reader(pool: PostgresPool, folder: Path) -> PostgresLogReader:
    """Return a reader of the log."""
    return PostgresLogReader(pool, ArchivedLog(folder))


@pytest.fixture
def today() -> datetime.date:
    """Return today, as the database dates rows."""
    return datetime.datetime.now(datetime.UTC).date()
