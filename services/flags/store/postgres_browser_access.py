"""Browser access in Postgres."""

from collections.abc import Sequence
from typing import Final

import asyncpg
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2

from services.flags.store.absence import no_environment
from services.flags.store.access_history import AccessAction, AccessFieldChange, AccessNote, differences
from services.flags.store.browser_access import StoredBrowserAccess
from services.flags.store.postgres_access import NEXT_VERSION
from services.flags.store.postgres_access_history import note
from services.runtime.errors import EtagMismatch
from services.runtime.postgres.pool import PostgresPool

_GET: Final = """
    SELECT e.key AS environment, b.access, b.version, b.updated_at, b.updated_by
    FROM environments AS e LEFT JOIN browser_access AS b ON b.environment = e.key
    WHERE e.key = $1
"""
_SET: Final = """
    INSERT INTO browser_access AS b (environment, access, version, updated_at, updated_by)
    VALUES ($1, $2, 1, now(), $3)
    ON CONFLICT (environment) DO UPDATE SET access = $2, version = b.version + 1, updated_at = now(), updated_by = $3
    RETURNING *
"""


class PostgresBrowserAccess:
    """The `BrowserAccessStore` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def browser_access(self, environment: str) -> StoredBrowserAccess:
        """See `BrowserAccessStore`."""
        async with self._pool.connection() as connection:
            return _found(environment, await connection.fetchrow(_GET, environment))

    async def all_browser_access(self) -> Sequence[StoredBrowserAccess]:
        """See `BrowserAccessStore`."""
        async with self._pool.connection() as connection:
            return [_stored(row) for row in await connection.fetch("SELECT * FROM browser_access ORDER BY environment")]

    async def set_browser_access(
        self, environment: str, access: bytes, *, actor: str, expected_version: int | None
    ) -> StoredBrowserAccess:
        """See `BrowserAccessStore`."""
        async with self._pool.transaction() as connection:
            # Puts changes in a row, so that what is read next is what is replaced.
            await connection.execute(NEXT_VERSION)
            before = _found(environment, await connection.fetchrow(_GET, environment))
            if expected_version not in (None, before.version):
                raise EtagMismatch(
                    f"the browser access of {environment} was changed since it was read",
                    metadata={"etag": str(before.version)},
                )
            await note(
                connection, AccessNote(actor, AccessAction.SET_BROWSER_ACCESS, environment, _changes(before, access))
            )
            return _stored(await connection.fetchrow(_SET, environment, access, actor))


def _changes(before: StoredBrowserAccess, access: bytes) -> tuple[AccessFieldChange, ...]:
    old, new = (pb2.BrowserAccess.FromString(each) for each in (before.access, access))
    return differences(
        origins=(", ".join(old.origins), ", ".join(new.origins)),
        token_keys=(", ".join(key.kid for key in old.token_keys), ", ".join(key.kid for key in new.token_keys)),
    )


def _found(environment: str, row: asyncpg.Record | None) -> StoredBrowserAccess:
    if row is None:
        raise no_environment(environment)
    return StoredBrowserAccess(environment) if row["version"] is None else _stored(row)


def _stored(row: asyncpg.Record) -> StoredBrowserAccess:
    return StoredBrowserAccess(row["environment"], row["access"], row["version"], row["updated_at"], row["updated_by"])
