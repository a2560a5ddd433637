"""First contact with the database. A service that starts before its database waits for it."""

from contextlib import AsyncExitStack
from importlib.resources import files
from typing import Final

from services.flags.store.postgres import Store, open_store
from services.runtime.postgres.opening import open_migrated

_MIGRATIONS: Final = files("services.flags") / "migrations"


async def open_database(stack: AsyncExitStack, url: str, *, migrates: bool) -> Store:
    """
    Open the database; the stack closes it. Waits for as long as it does not answer.

    `migrates` says whether to bring its tables up to date; else this waits until somebody else has.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """
    return await open_migrated(
        stack,
        url,
        "flags",
        _MIGRATIONS,
        lambda attempted: attempted.enter_async_context(open_store(url)),
        migrates=migrates,
    )
