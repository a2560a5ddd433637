"""The `KeyMemory` in the telemetry service's database."""

from services.runtime.postgres.pool import PostgresPool


class PostgresKeyMemory:
    """One row."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def load(self) -> bytes | None:
        """See `KeyMemory`."""
        async with self._pool.connection() as connection:
            response: bytes | None = await connection.fetchval("SELECT response FROM known_keys")
            return response

    async def save(self, response: bytes) -> None:
        """See `KeyMemory`."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO known_keys (response) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET response = $1",
                response,
            )
