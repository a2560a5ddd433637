"""One leader at a time, by a Postgres advisory lock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from services.runtime.postgres.connecting import CONNECT_SECONDS, connect
from services.runtime.postgres.outages import UNREACHABLE, unavailable

NOT_COMMITTED: Final = "the database went away; what was not committed was not done"
_SETTINGS: Final = {
    # Leaders do what takes long; that nobody waits for them is theirs to see to.
    "statement_timeout": "30min",
    "idle_in_transaction_session_timeout": "5min",
    "lock_timeout": "1s",
}


@asynccontextmanager
async def leading(url: str, service: str, lock: int) -> AsyncIterator[asyncpg.Connection | None]:
    """
    Yield the connection that holds a lock, or None when somebody else does.

    What must be done by one process alone is done on this connection: when it is lost the lock is lost, and with it
    whatever was not committed, so no former leader ever changes anything.

    Args:
        url: of the database.
        service: whose connection this is.
        lock: the advisory lock.

    Raises:
        Unavailable: the database does not answer.
    """
    settings = {"application_name": f"mirante-{service}-leader", **_SETTINGS}
    try:
        connection = await connect(url, server_settings=settings)
        try:
            leads = await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock)
            yield connection if leads else None
        finally:
            # Closing gives the lock back; when the other side is gone it is not waited for.
            await connection.close(timeout=CONNECT_SECONDS)
    except UNREACHABLE as error:
        raise unavailable(error, NOT_COMMITTED) from error
