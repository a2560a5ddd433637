"""Where imports stand."""

import datetime
from dataclasses import dataclass
from typing import Protocol

from services.runtime.postgres.pool import PostgresPool


@dataclass(frozen=True, slots=True)
class ImportState:
    """What was committed of an import: the source's position, and how many events are new by it."""

    position: str
    accepted: int
    updated_at: datetime.datetime


class ImportStore(Protocol):
    """Reads what a `LogWriter` has written of imports."""

    async def state(self, environment: str, import_key: str) -> ImportState | None:
        """
        Return where an import stands; None when nothing of it was committed.

        Raises:
            Unavailable: the database does not answer.
        """


class PostgresImports:
    """The `ImportStore` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def state(self, environment: str, import_key: str) -> ImportState | None:
        """See `ImportStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(
                "SELECT position, accepted, updated_at FROM imports WHERE environment = $1 AND import_key = $2",
                environment,
                import_key,
            )
        return None if row is None else ImportState(*row)
