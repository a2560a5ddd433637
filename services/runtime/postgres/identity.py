"""
Notices that a database was copied, restored or failed over since it was last used.

A table with one row holds the fingerprint of the database that was last used. A service looks when it opens its
database and whenever it must not give out anything twice.
"""

import enum
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

# A base backup that was brought up elsewhere or rewound to a point in time has another timeline, as has a replica that
# took over; a dump has other object ids, a new cluster another system identifier. A file-level copy put back in place
# has all the same: only somebody who saw its lost future can tell. While it recovers it has no timeline of its own yet:
# it looks like another one, and that cannot be written down before it takes writes.
_FINGERPRINT: Final = """
    concat_ws(
        '/',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        '{witness}'::regclass::oid,
        CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
    )
"""


class Recognised(enum.Enum):
    """What a look at the database's identity found."""

    SAME = "same"
    """The database that was last used."""
    FIRST = "first"
    """Nothing was used before."""
    OTHER = "other"
    """Another one: newer things than it holds may have been given out."""


class DatabaseIdentity:
    """
    The identity of a service's database.

    Args:
        table: has one row with the column `fingerprint`.
        witness: a table whose object id is another after a dump was restored.
    """

    def __init__(self, table: str, witness: str) -> None:
        self._known = f"SELECT fingerprint AS known, {_FINGERPRINT.format(witness=witness)} AS found FROM {table}"  # noqa: S608 - names of ours
        self._update = f"UPDATE {table} SET fingerprint = $1"  # noqa: S608 - a name of ours
        self.is_changed = f"(SELECT known <> found FROM ({self._known}) AS identity)"  # noqa: S608 - as above
        """SQL: whether another database is there than was last used."""

    async def settle(self, connection: asyncpg.Connection) -> Recognised:
        """
        Recognise the database and remember it. Of any number of replicas that do so at once, one finds it new.

        Call it in a transaction; on anything but SAME the table's row stays locked until its end.

        Raises:
            asyncpg.InsufficientPrivilegeError: this database user may not read the server's identity.
        """
        identity = await connection.fetchrow(self._known)
        if identity["known"] == identity["found"]:
            return Recognised.SAME
        # The one row is the lock between replicas: the second waits here, and then finds it done.
        identity = await connection.fetchrow(f"{self._known} FOR UPDATE")
        known, found = identity["known"], identity["found"]
        if known == found:
            return Recognised.SAME
        await connection.execute(self._update, found)
        return Recognised.OTHER if known else Recognised.FIRST


async def settle_if_allowed(pool: PostgresPool, settle: Callable[[asyncpg.Connection], Awaitable[object]]) -> bool:
    """
    Run `settle` in a transaction; return whether this database user may read the identity: else nothing is noticed.

    Raises:
        Unavailable: the database does not answer.
    """
    try:
        async with pool.transaction() as connection:
            await settle(connection)
    except asyncpg.InsufficientPrivilegeError:
        _log.warning("this database user may not read the server's identity: a restored copy may go unnoticed")
        return False
    return True
