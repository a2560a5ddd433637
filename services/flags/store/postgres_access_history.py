"""The history of access in Postgres."""

import json
from collections.abc import Sequence
from typing import Final

import asyncpg

from services.flags.store.access_history import AccessAction, AccessEntry, AccessFieldChange, AccessNote
from services.runtime.postgres.pool import PostgresPool

_NOTE: Final = "INSERT INTO access_history (at, actor, action, subject, changes) VALUES (now(), $1, $2, $3, $4)"
_ENTRIES: Final = """
    SELECT * FROM access_history WHERE $1::bigint IS NULL OR number < $1 ORDER BY number DESC LIMIT $2
"""


class PostgresAccessHistory:
    """The `AccessHistory` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def entries(self, before: int | None, limit: int) -> Sequence[AccessEntry]:
        """See `AccessHistory`."""
        async with self._pool.connection() as connection:
            return [_entry(row) for row in await connection.fetch(_ENTRIES, before, limit)]


async def note(connection: asyncpg.Connection, done: AccessNote) -> None:
    """Keep a note, within the transaction of what was done."""
    changes = json.dumps([[each.field, each.before, each.after] for each in done.changes], ensure_ascii=False)
    await connection.execute(_NOTE, done.actor, done.action.value, done.subject, changes)


def _entry(row: asyncpg.Record) -> AccessEntry:
    changes = tuple(AccessFieldChange(*each) for each in json.loads(row["changes"]))
    return AccessEntry(
        row["number"], row["at"], AccessNote(row["actor"], AccessAction(row["action"]), row["subject"], changes)
    )
