"""Flags and segments as they are managed, in Postgres."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.flags.store import EnvironmentHead, Kind
from services.flags.store.absence import no_environment
from services.flags.store.definitions import Filter, State
from services.flags.store.postgres_change import PostgresChange
from services.flags.store.postgres_lineage import settle_lineage
from services.flags.store.records import Author, PastVersion, Record
from services.flags.store.rows import HEAD_COLUMNS, RECORD_COLUMNS, head, past_version, record
from services.runtime.postgres.pool import PostgresPool

# Joined from the environment, so that one row without a definition says that the environment is there.
_FIND: Final = f"""
    SELECT {RECORD_COLUMNS}
    FROM environments AS e
    LEFT JOIN definitions AS d ON d.environment = e.key AND d.kind = $2 AND d.key = $3
    WHERE e.key = $1
"""  # noqa: S608 - constants only
_HISTORY: Final = """
    SELECT h.*
    FROM environments AS e
    LEFT JOIN definition_history AS h
        ON h.environment = e.key AND h.kind = $2 AND h.key = $3 AND ($4::bigint IS NULL OR h.version < $4)
    WHERE e.key = $1
    ORDER BY h.version DESC
    LIMIT $5
"""
_STATES: Final = {
    State.LIVE: "NOT d.archived",
    State.ON: "NOT d.archived AND NOT d.killed AND d.is_on",
    State.OFF: "NOT d.archived AND NOT d.killed AND NOT d.is_on",
    State.KILLED: "NOT d.archived AND d.killed",
    State.ARCHIVED: "d.archived",
}
_PAGES: Final = {
    state: f"""
    SELECT {HEAD_COLUMNS}, {RECORD_COLUMNS}
    FROM environments AS e
    LEFT JOIN LATERAL (
        SELECT * FROM definitions AS d
        WHERE d.environment = e.key AND d.kind = $2 AND d.key > $3 AND {condition}
            AND ($4 = '' OR $4 = ANY (d.tags)) AND ($5 = '' OR d.owner = $5) AND strpos(d.search, $6) > 0
        ORDER BY d.key
        LIMIT $7
    ) AS d ON true
    WHERE e.key = $1
    ORDER BY d.key
"""  # noqa: S608 - constants only
    for state, condition in _STATES.items()
}


class PostgresDefinitions:
    """The `DefinitionStore` on Postgres; `has_identity` is what `open_lineage` returned."""

    def __init__(self, pool: PostgresPool, *, has_identity: bool) -> None:
        self._pool = pool
        self._has_identity = has_identity

    async def find(self, environment: str, kind: Kind, key: str) -> Record | None:
        """See `DefinitionStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_FIND, environment, kind.value, key)
        if row is None:
            raise no_environment(environment)
        return None if row["kind"] is None else record(row)

    async def page(
        self, environment: str, kind: Kind, wanted: Filter, *, after: str, limit: int
    ) -> tuple[EnvironmentHead, Sequence[Record]]:
        """See `DefinitionStore`."""
        filters = (wanted.tag, wanted.owner, wanted.search.casefold())
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGES[wanted.state], environment, kind.value, after, *filters, limit)
        if not rows:
            raise no_environment(environment)
        return head(rows[0]), [record(row) for row in rows if row["kind"] is not None]

    async def history(
        self, environment: str, kind: Kind, key: str, *, before: int | None, limit: int
    ) -> Sequence[PastVersion]:
        """See `DefinitionStore`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_HISTORY, environment, kind.value, key, before, limit)
        if not rows:
            raise no_environment(environment)
        return [past_version(row) for row in rows if row["version"] is not None]

    @asynccontextmanager
    async def change(
        self, environment: str, author: Author, *, seconds: float | None = None
    ) -> AsyncIterator[PostgresChange]:
        """See `DefinitionStore`."""
        async with self._pool.transaction(seconds) as connection:
            if self._has_identity:
                await settle_lineage(connection)
            change = await PostgresChange.begin(connection, environment, author)
            yield change
            await change.write()
