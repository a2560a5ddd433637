"""Connections to Postgres that never hang: all work has an end, and what went wrong is said in our own errors."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from services.runtime.errors import ServiceError
from services.runtime.postgres.connecting import CONNECT_SECONDS, Connector
from services.runtime.postgres.outages import UNREACHABLE, unavailable

_WORK_SECONDS: Final = 10.0
"""One piece of work: waiting for a connection, all its statements, and the commit."""
_MOST_CONNECTIONS: Final = 10

_SERVER_SETTINGS: Final = {
    # So that whoever dies in a transaction does not hold its locks for ever.
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "8s",
}

_NOTHING_CHANGED: Final = "the database does not answer; nothing was changed"
_PERHAPS_CHANGED: Final = (
    "the database went away while the change was being committed: it may or may not have been made; read before you "
    "repeat it"
)


class PostgresPool:
    """
    A bounded pool of connections.

    Work that fails because the database is away, hangs, restarts or is full raises `Unavailable`; the next piece of
    work connects anew. Nothing is ever repeated. Other errors pass as they are.
    """

    def __init__(self, pool: asyncpg.Pool, work_seconds: float) -> None:
        self._pool = pool
        self._work_seconds = work_seconds

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection for single statements that only read."""
        try:
            async with asyncio.timeout(self._work_seconds), self._lent() as connection:
                yield connection
        except UNREACHABLE as error:
            raise unavailable(error, _NOTHING_CHANGED) from error

    @asynccontextmanager
    async def transaction(self, seconds: float | None = None) -> AsyncIterator[asyncpg.Connection]:
        """
        Lend a connection for one transaction: committed when the block ends well, rolled back when it raises.

        Args:
            seconds: how long the whole block may take; None for the pool's usual time.
        """
        known = _NOTHING_CHANGED
        try:
            async with asyncio.timeout(seconds or self._work_seconds), self._lent() as connection:
                await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                yield connection
                known = _PERHAPS_CHANGED
                await connection.execute("COMMIT")
        except UNREACHABLE as error:
            raise unavailable(error, known) from error

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await self._pool.acquire(timeout=self._work_seconds)
        sound = False
        try:
            yield connection
            sound = True
        except (ServiceError, asyncpg.PostgresError, ValueError):
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            sound = True
            raise
        finally:
            if not sound:
                # Cancelled, timed out or broken: whatever is on the wire, the server rolls back when the socket closes.
                connection.terminate()
            await self._pool.release(connection, timeout=CONNECT_SECONDS)


@asynccontextmanager
async def open_pool(
    url: str,
    service: str,
    *,
    work_seconds: float = _WORK_SECONDS,
    connections: int = _MOST_CONNECTIONS,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[PostgresPool]:
    """
    Open a pool on a database, and close it when the block ends. The database need not answer yet.

    Args:
        url: "postgresql://user:password@host:port/database", or with several hosts as `Connector` has it.
        service: whose connections these are, as the database's own lists show them.
        work_seconds: how long one piece of work may take.
        connections: the most that are open at once.
        settings: of the server, for these connections.
    """
    pool: Any = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=connections,
        connect=Connector(),
        server_settings={"application_name": f"mirante-{service}", **_SERVER_SETTINGS, **settings},
        # Sessions are never changed here, so a connection goes back as it came; the default costs a round trip.
        reset=_keep,
    )
    await pool
    try:
        yield PostgresPool(pool, work_seconds)
    finally:
        await _close(pool)


async def _keep(connection: asyncpg.Connection) -> None:
    """Return a connection to the pool as it is."""


async def _close(pool: Any) -> None:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
