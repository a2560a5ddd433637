"""
Opens the datastores that the settings name.

`DATABASE_URL` and `REDIS_URL` set: they are used, and nothing is started.
Unset: real servers are started under `MIRANTE_HOME` and run for as long as the block.
Either way callers get URLs and need not know which it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from services.runtime.embedded.errors import EmbeddedServerError
from services.runtime.redis_cluster import CLUSTER_SCHEMES

if TYPE_CHECKING:
    from services.runtime.embedded.supervisor import EmbeddedServer

_DATABASE_SCHEMES = ("postgresql://", "postgres://")
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://", *CLUSTER_SCHEMES)


class DatastoreSettings(Protocol):
    """The settings that decide where the data is."""

    @property
    def home(self) -> Path:
        """`MIRANTE_HOME`: the folder of all local state."""

    @property
    def database_url(self) -> str | None:
        """`DATABASE_URL`: a Postgres to use instead of an embedded one."""

    @property
    def redis_url(self) -> str | None:
        """`REDIS_URL`: a Redis or Valkey to use instead of an embedded one."""


@dataclass(frozen=True, slots=True)
class Datastores:
    """
    Where the datastores answer, and handles on those that run as our children.

    The URLs contain passwords and are left out of `repr`.
    They stay valid while the block of `open_datastores` lasts, also over restarts of an embedded server.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    postgres: EmbeddedServer | None = None
    """None when `DATABASE_URL` names the server."""
    valkey: EmbeddedServer | None = None
    """None when `REDIS_URL` names the server."""

    @property
    def embedded(self) -> bool:
        """Whether any server runs as our child."""
        return self.postgres is not None or self.valkey is not None


@asynccontextmanager
async def open_datastores(settings: DatastoreSettings) -> AsyncIterator[Datastores]:
    """
    Start what is not running elsewhere, yield the addresses, and stop what was started: Valkey first, Postgres last.

    Addresses of servers elsewhere are not tried; the services deal with their absence.

    Raises:
        ValueError: an address that is no address of that kind; the message names the variable.
        EmbeddedServerError: a server cannot be run here; the message says why. Nothing is left running.
    """
    database_url = _checked("DATABASE_URL", settings.database_url, _DATABASE_SCHEMES)
    redis_url = _checked("REDIS_URL", settings.redis_url, _REDIS_SCHEMES)
    if database_url is not None and redis_url is not None:
        yield Datastores(database_url, redis_url)
        return
    async with AsyncExitStack() as stack:
        yield await _with_embedded(stack, settings.home, database_url, redis_url)


async def _with_embedded(
    stack: AsyncExitStack, home: Path, database_url: str | None, redis_url: str | None
) -> Datastores:
    """Run what has no address; the stack stops it."""
    try:
        # Imported only here: these need a POSIX system, and services with both addresses set do not.
        from services.runtime.embedded.home import Workspace, hold_home  # noqa: PLC0415
        from services.runtime.embedded.postgres import postgres_engine  # noqa: PLC0415
        from services.runtime.embedded.supervisor import EmbeddedServer  # noqa: PLC0415
        from services.runtime.embedded.valkey import valkey_engine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise EmbeddedServerError(
            f"embedded servers do not run on this system (no module {error.name}): set DATABASE_URL and REDIS_URL to "
            "the addresses of running servers"
        ) from error
    held = stack.enter_context(hold_home(home))
    postgres = valkey = None
    if database_url is None:
        postgres = await stack.enter_async_context(EmbeddedServer(postgres_engine(), Workspace(held / "postgres")))
        database_url = postgres.url
    if redis_url is None:
        valkey = await stack.enter_async_context(EmbeddedServer(valkey_engine(), Workspace(held / "valkey")))
        redis_url = valkey.url
    return Datastores(database_url, redis_url, postgres, valkey)


def _checked(variable: str, url: str | None, schemes: tuple[str, ...]) -> str | None:
    """Return the address, or None for "run it here". An empty address is refused: it is a mistake, not a wish."""
    if url is None:
        return None
    if not url.startswith(schemes):
        # The address is not shown: it may contain a password.
        raise ValueError(
            f"{variable} must start with {' or '.join(schemes)}; unset it to run an embedded server instead"
        )
    return url
