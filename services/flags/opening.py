"""First contact with the database. A service that starts before its database waits for it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.resources import files
from typing import Final, TypeVar

import asyncpg

from services.flags.store.postgres import Store, open_store
from services.runtime.errors import Unavailable
from services.runtime.migrations import migrate
from services.runtime.settings import SettingsError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0
_MIGRATIONS: Final = files("services.flags") / "migrations"


async def open_database(stack: AsyncExitStack, url: str) -> Store:
    """
    Bring the database up to date and open it; the stack closes it. Waits for as long as it does not answer.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """

    async def attempt() -> Store:
        await migrate(url, "flags", _MIGRATIONS)
        return await stack.enter_async_context(open_store(url))

    try:
        return await until_available(attempt)
    except ValueError:
        raise SettingsError("DATABASE_URL: is not the address of a Postgres database") from None


async def until_available(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Return what `attempt` returns, once the database answers."""
    failures = 0
    while True:
        try:
            return await attempt()
        except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if isinstance(error, ValueError):
                raise
            if not failures:
                _log.warning("waiting for the database", extra={"error": f"{type(error).__name__}: {error}"})
            failures += 1
        await asyncio.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 10)))
