"""The table over connections of asyncpg."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from mirante.outbox.deciding import Row, Settlement
from mirante.outbox.status import OutboxBacklog
from mirante.outbox.table import BACKLOG, DELETE, LOCK, POSTPONE, REJECT, numbered

_LOCK: Final = numbered(LOCK)
_DELETE: Final = numbered(DELETE)
_POSTPONE: Final = numbered(POSTPONE)
_REJECT: Final = numbered(REJECT)


class AsyncpgConnection(Protocol):
    """What a relay needs of a connection of asyncpg."""

    async def execute(self, query: str, *args: object) -> object:
        """Execute a statement."""

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        """Return rows."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Return a transaction, to be entered."""


class AsyncpgPool(Protocol):
    """What a relay needs of a pool of asyncpg."""

    def acquire(self) -> AbstractAsyncContextManager[Any]:
        """Lend an `AsyncpgConnection`."""


async def lock(connection: AsyncpgConnection, limit: int) -> list[Row]:
    """Return the oldest rows that are due and not locked; they are locked until the open transaction ends."""
    return [Row(*row) for row in await connection.fetch(_LOCK, limit)]


async def settle(connection: AsyncpgConnection, settlement: Settlement) -> None:
    """Do what was decided, in the open transaction."""
    if settlement.delivered:
        await connection.execute(_DELETE, settlement.delivered)
    for statement, told in ((_POSTPONE, settlement.again), (_REJECT, settlement.rejected)):
        if told:
            await connection.execute(statement, [row_id for row_id, _ in told], [what for _, what in told])


async def backlog(connection: AsyncpgConnection) -> OutboxBacklog:
    """Return what the table holds."""
    [row] = await connection.fetch(BACKLOG)
    return OutboxBacklog(*row)
