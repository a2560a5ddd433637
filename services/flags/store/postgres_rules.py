"""What replicas follow, read from Postgres."""

from collections.abc import Sequence
from typing import Final

from services.flags.store import EnvironmentChanges, EnvironmentHead, StoredKey
from services.flags.store.absence import no_environment
from services.flags.store.rows import HEAD_COLUMNS, entry, head, stored_key
from services.runtime.postgres.pool import PostgresPool

_HEADS: Final = f"SELECT {HEAD_COLUMNS} FROM environments AS e ORDER BY e.key"  # noqa: S608 - constants only
# One statement sees one instant, so head and definitions belong together.
_CHANGES: Final = f"""
    SELECT {HEAD_COLUMNS}, d.kind, d.key, d.version, d.revision, d.archived, d.definition
    FROM environments AS e
    LEFT JOIN definitions AS d ON d.environment = e.key AND d.revision > $2 AND ($2 > 0 OR NOT d.archived)
    WHERE e.key = $1
    ORDER BY d.revision, d.kind, d.key
"""  # noqa: S608 - constants only
_START_LINEAGE: Final = """
    UPDATE environments SET lineage = gen_random_uuid()::text WHERE key = $1 AND lineage = $2 AND revision < $3
"""


class PostgresRules:
    """The `RulesReader` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def heads(self) -> Sequence[EnvironmentHead]:
        """See `RulesReader`."""
        async with self._pool.connection() as connection:
            return [head(row) for row in await connection.fetch(_HEADS)]

    async def changes_since(self, environment: str, revision: int) -> EnvironmentChanges:
        """See `RulesReader`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_CHANGES, environment, revision)
        if not rows:
            raise no_environment(environment)
        return EnvironmentChanges(head(rows[0]), [entry(row) for row in rows if row["kind"] is not None])

    async def api_keys(self) -> Sequence[StoredKey]:
        """See `RulesReader`."""
        async with self._pool.connection() as connection:
            return [stored_key(row) for row in await connection.fetch("SELECT * FROM api_keys ORDER BY created_at, id")]

    async def api_keys_version(self) -> int:
        """See `RulesReader`."""
        async with self._pool.connection() as connection:
            version: int = await connection.fetchval("SELECT version FROM key_ring")
        return version

    async def token_secret(self) -> bytes:
        """See `RulesReader`."""
        async with self._pool.connection() as connection:
            secret: bytes = await connection.fetchval("SELECT token_secret FROM key_ring")
        return secret

    async def start_lineage(self, environment: str, *, unless_above: int, old: str) -> EnvironmentHead:
        """See `RulesReader`."""
        async with self._pool.transaction() as connection:
            await connection.execute(_START_LINEAGE, environment, old, unless_above)
            row = await connection.fetchrow(
                f"SELECT {HEAD_COLUMNS} FROM environments AS e WHERE e.key = $1",  # noqa: S608 - constants only
                environment,
            )
        if row is None:
            raise no_environment(environment)
        return head(row)
