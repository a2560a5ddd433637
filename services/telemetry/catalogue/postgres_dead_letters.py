"""Dead letters in Postgres."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.catalogue.store import DeadLetterRow

_MOST_BYTES: Final = 2 * 1024 * 1024
"""Of the events of one page, but for the last one: what a client takes in one message is 4 MiB."""

_COLUMNS: Final = """
    id, environment, tenant, subject, name, event_id, reason, field, message, definition_version, event, occurred_at,
    time_marks, digest, received_at, replayed_at
"""
# The length of an event is known without reading the event.
_NEWEST_FIRST: Final = f"""
    SELECT {_COLUMNS} FROM (
        SELECT *, sum(octet_length(event)) OVER (ORDER BY id DESC) - octet_length(event) AS bytes_before
        FROM (
            SELECT * FROM dead_letters
            WHERE environment = $1 AND ($2 = '' OR name = $2) AND ($3::uuid IS NULL OR id < $3)
              AND ($4 OR replayed_at IS NULL)
            ORDER BY id DESC LIMIT $5
        ) AS page
    ) AS measured
    WHERE bytes_before <= $6 ORDER BY id DESC
"""  # noqa: S608 - constants only
_WAITING: Final = f"""
    SELECT {_COLUMNS} FROM (
        SELECT *, sum(octet_length(event)) OVER (ORDER BY id) - octet_length(event) AS bytes_before
        FROM (
            SELECT * FROM dead_letters
            WHERE environment = $1 AND ($2 = '' OR name = $2) AND (cardinality($3::uuid[]) = 0 OR id = ANY ($3))
              AND id > $4 AND id <= $5 AND replayed_at IS NULL
            ORDER BY id LIMIT $6
        ) AS page
    ) AS measured
    WHERE bytes_before <= $7 ORDER BY id
"""  # noqa: S608 - constants only
_NEWEST: Final = "SELECT id FROM dead_letters WHERE environment = $1 ORDER BY id DESC LIMIT 1"


class PostgresDeadLetters:
    """The `DeadLetterReader` on Postgres."""

    def __init__(self, pool: PostgresPool, *, most_bytes: int = _MOST_BYTES) -> None:
        self._pool = pool
        self._most_bytes = most_bytes

    async def newest_first(
        self, environment: str, name: str, *, before: UUID | None, most: int, include_replayed: bool
    ) -> Sequence[DeadLetterRow]:
        """See `DeadLetterReader`."""
        arguments = (environment, name, before, include_replayed, most, self._most_bytes)
        async with self._pool.connection() as connection:
            return [_row(row) for row in await connection.fetch(_NEWEST_FIRST, *arguments)]

    async def waiting(
        self, environment: str, name: str, *, ids: Sequence[UUID], after: UUID, until: UUID, most: int
    ) -> Sequence[DeadLetterRow]:
        """See `DeadLetterReader`."""
        arguments = (environment, name, list(ids), after, until, most, self._most_bytes)
        async with self._pool.connection() as connection:
            return [_row(row) for row in await connection.fetch(_WAITING, *arguments)]

    async def newest(self, environment: str) -> UUID | None:
        """See `DeadLetterReader`."""
        async with self._pool.connection() as connection:
            newest: UUID | None = await connection.fetchval(_NEWEST, environment)
        return newest


def _row(row: asyncpg.Record) -> DeadLetterRow:
    values = dict(row)
    return DeadLetterRow(**{**values, "time_marks": tuple(values["time_marks"])})
