"""The `KeyMemory` in a service's own database."""

from services.runtime.postgres.pool import PostgresPool


class PostgresKeyMemory:
    """
    One row.

    Args:
        pool: of the database.
        table: of the service, with the columns `only_row` (boolean, the primary key, true) and `response` (bytea).
    """

    def __init__(self, pool: PostgresPool, table: str) -> None:
        self._pool = pool
        self._load = f"SELECT response FROM {table}"  # noqa: S608 - a name of ours
        self._save = (
            f"INSERT INTO {table} (response) VALUES ($1) "  # noqa: S608 - as above
            "ON CONFLICT (only_row) DO UPDATE SET response = $1"
        )

    async def load(self) -> bytes | None:
        """See `KeyMemory`."""
        async with self._pool.connection() as connection:
            response: bytes | None = await connection.fetchval(self._load)
            return response

    async def save(self, response: bytes) -> None:
        """See `KeyMemory`."""
        async with self._pool.connection() as connection:
            await connection.execute(self._save, response)
