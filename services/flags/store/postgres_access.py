"""Environments and API keys in Postgres."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.store import EnvironmentHead, StoredKey
from services.flags.store.absence import no_environment
from services.flags.store.access import NewKey
from services.flags.store.access_history import AccessAction, AccessNote, differences
from services.flags.store.people import NewPerson, Person
from services.flags.store.postgres_access_history import note
from services.flags.store.postgres_people import add_person
from services.flags.store.postgres_rules import PostgresRules
from services.flags.store.rows import HEAD_COLUMNS, head, stored_key
from services.runtime.access import ALL_ENVIRONMENTS
from services.runtime.errors import AlreadyExists, NotFound, StateConflict
from services.runtime.postgres.pool import PostgresPool

MOST_KEYS: Final = 10_000
"""Revoked ones included: replicas hold them all in memory."""

_PROVISIONING_LOCK: Final = 0x6D6972_70726F76  # "mir" and "prov"

_CREATE_ENVIRONMENT: Final = f"""
    INSERT INTO environments AS e (key, description, revised_at, created_at)
    VALUES ($1, $2, now(), now())
    ON CONFLICT (key) DO NOTHING
    RETURNING {HEAD_COLUMNS}
"""  # noqa: S608 - constants only
_ADD_KEY: Final = """
    INSERT INTO api_keys (id, name, role, environments, quota_per_second, secret_hash, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, now())
    RETURNING *
"""
NEXT_VERSION: Final = "UPDATE key_ring SET version = version + 1"
"""Also the lock that puts changes of keys and of browser access in a row."""


class PostgresAccess:
    """The `AccessStore` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._rules = PostgresRules(pool)

    async def heads(self) -> Sequence[EnvironmentHead]:
        """See `AccessStore`."""
        return await self._rules.heads()

    async def create_environment(self, environment: str, description: str, *, actor: str) -> EnvironmentHead:
        """See `AccessStore`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_CREATE_ENVIRONMENT, environment, description)
            if row is None:
                raise AlreadyExists(f"there is an environment {environment!r} already", metadata={"key": environment})
            await note(connection, AccessNote(actor, AccessAction.CREATE_ENVIRONMENT, environment))
            return head(row)

    async def api_keys(self) -> Sequence[StoredKey]:
        """See `AccessStore`."""
        return await self._rules.api_keys()

    async def add_key(self, key: NewKey) -> StoredKey:
        """See `AccessStore`."""
        async with self._pool.transaction() as connection:
            return await _add_key(connection, key)

    async def find_key(self, key_id: str) -> StoredKey | None:
        """See `AccessStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow("SELECT * FROM api_keys WHERE id = $1", key_id)
        return None if row is None else stored_key(row)

    async def revoke_key(self, key_id: str, *, actor: str) -> tuple[StoredKey, bool]:
        """See `AccessStore`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow("SELECT * FROM api_keys WHERE id = $1 FOR UPDATE", key_id)
            if row is None:
                raise NotFound(
                    f"there is no API key {key_id!r}",
                    reason=reasons.ERROR_REASON_API_KEY_NOT_FOUND,
                    metadata={"key_id": key_id},
                )
            if row["revoked_at"] is not None:
                return stored_key(row), False
            row = await connection.fetchrow("UPDATE api_keys SET revoked_at = now() WHERE id = $1 RETURNING *", key_id)
            await connection.execute(NEXT_VERSION)
            await note(connection, AccessNote(actor, AccessAction.REVOKE_API_KEY, key_id))
            return stored_key(row), True

    @asynccontextmanager
    async def provisioning(self) -> AsyncIterator["PostgresProvisioning"]:
        """See `AccessStore`."""
        async with self._pool.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _PROVISIONING_LOCK)
            yield PostgresProvisioning(connection)


class PostgresProvisioning:
    """The `Provisioning` on Postgres, within one transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def ensure_environment(self, environment: str, description: str, *, actor: str) -> None:
        """See `Provisioning`."""
        if await self._connection.fetchrow(_CREATE_ENVIRONMENT, environment, description) is not None:
            await note(self._connection, AccessNote(actor, AccessAction.CREATE_ENVIRONMENT, environment))

    async def key_with(self, secret_hash: bytes) -> StoredKey | None:
        """See `Provisioning`."""
        row = await self._connection.fetchrow("SELECT * FROM api_keys WHERE secret_hash = $1", secret_hash)
        return None if row is None else stored_key(row)

    async def add_key(self, key: NewKey) -> StoredKey:
        """See `Provisioning`."""
        return await _add_key(self._connection, key)

    async def has_people(self) -> bool:
        """See `Provisioning`."""
        return await self._connection.fetchval("SELECT 1 FROM people LIMIT 1") is not None

    async def add_person(self, person: NewPerson) -> Person:
        """See `Provisioning`."""
        return await add_person(self._connection, person)


async def _add_key(connection: asyncpg.Connection, key: NewKey) -> StoredKey:
    await connection.execute(NEXT_VERSION)
    if await connection.fetchval("SELECT count(*) FROM api_keys") >= MOST_KEYS:
        raise StateConflict(f"there are {MOST_KEYS} API keys, revoked ones included", metadata={"state": "full"})
    known = {row["key"] for row in await connection.fetch("SELECT key FROM environments")}
    for environment in key.environments:
        if environment not in known and environment != ALL_ENVIRONMENTS:
            raise no_environment(environment)
    row = await connection.fetchrow(
        _ADD_KEY,
        *(key.id, key.name, key.role.value, list(key.environments), key.quota_per_second),
        *(key.secret_hash, key.created_by),
    )
    granted = differences(
        name=(None, key.name), role=(None, key.role.value), environments=(None, ", ".join(key.environments))
    )
    await note(connection, AccessNote(key.created_by, AccessAction.CREATE_API_KEY, key.id, granted))
    return stored_key(row)
