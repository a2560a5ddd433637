"""First contact of a service with its database."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.resources.abc import Traversable
from typing import TypeVar

from services.runtime.errors import Unavailable
from services.runtime.migrations import migrate, missing_migrations
from services.runtime.postgres.waiting import until_available
from services.runtime.settings import SettingsError

_T = TypeVar("_T")


async def open_migrated(
    stack: AsyncExitStack,
    url: str,
    service: str,
    migrations: Traversable,
    opening: Callable[[AsyncExitStack], Awaitable[_T]],
    *,
    migrates: bool,
) -> _T:
    """
    Open a service's database, whose tables are up to date then. Waits for as long as it does not answer.

    Args:
        stack: closes what was opened.
        url: of the database.
        service: whose tables they are.
        migrations: the folder of their files.
        opening: opens what the service needs, on the stack that it is given; begun anew until it succeeds.
        migrates: whether to bring the tables up to date here; else waits until somebody else has.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """

    async def attempt() -> _T:
        if migrates:
            await migrate(url, service, migrations)
        elif missing := await missing_migrations(url, service, migrations):
            raise Unavailable(f"the tables of {service} are not up to date: {missing[0]} has not been applied")
        async with AsyncExitStack() as attempted:
            opened = await opening(attempted)
            await stack.enter_async_context(attempted.pop_all())
            return opened

    try:
        return await until_available(attempt)
    except ValueError:
        raise SettingsError("DATABASE_URL: is not the address of a Postgres database") from None
