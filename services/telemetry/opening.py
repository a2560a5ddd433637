"""First contact with the database: its tables are brought up to date, and its connections opened by what they do."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from services.runtime.postgres.opening import open_migrated
from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.ingestion.group_commit import LANES
from services.telemetry.log.epoch import Installation, open_installation
from services.telemetry.log.postgres_reader import READER_SETTINGS

_MIGRATIONS: Final = files("services.telemetry") / "migrations"
_SERVICE: Final = "telemetry"
_WRITE_SECONDS: Final = 30.0
"""A group; far more than it takes, and less than clients wait before they send again."""
_SLOW_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Database:
    """
    The telemetry database.

    `writers` is for groups of events alone, so that nothing else keeps them waiting; `readers` follows the log; `slow`
    is one connection for what takes up to an hour; `pool` is for all the rest.
    """

    installation: Installation
    url: str = field(repr=False)
    pool: PostgresPool
    writers: PostgresPool
    readers: PostgresPool
    slow: PostgresPool


async def open_database(stack: AsyncExitStack, url: str, *, migrates: bool) -> Database:
    """
    Open the database; the stack closes it. Waits for as long as it does not answer.

    `migrates` says whether to bring its tables up to date; else this waits until somebody else has.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """

    async def opening(attempted: AsyncExitStack) -> Database:
        enter = attempted.enter_async_context
        pool = await enter(open_pool(url, _SERVICE))
        return Database(
            await open_installation(pool),
            url,
            pool,
            await enter(open_pool(url, _SERVICE, work_seconds=_WRITE_SECONDS, connections=LANES)),
            await enter(open_pool(url, _SERVICE, settings=READER_SETTINGS)),
            await enter(open_pool(url, _SERVICE, work_seconds=_SLOW_SECONDS, connections=1)),
        )

    return await open_migrated(stack, url, _SERVICE, _MIGRATIONS, opening, migrates=migrates)
