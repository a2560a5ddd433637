"""
Notices that a database was copied, restored or failed over since it was last used.

Looked at when a service opens the database and before every change: no revision number is ever given out twice in one
lineage, even if the newest changes were lost on the way.
"""

import logging
from typing import Final

import asyncpg

from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

# A base backup that was brought up elsewhere or rewound to a point in time has another timeline, as has a replica that
# took over; a dump has other object ids, a new cluster another system identifier. A file-level copy put back in place
# has all the same: that is noticed when a subscriber shows a revision from its future (`RulesReader.start_lineage`).
_IDENTITY: Final = """
    SELECT fingerprint AS known, concat_ws(
        '/',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        'environments'::regclass::oid,
        left(pg_walfile_name(pg_current_wal_lsn()), 8)
    ) AS found
    FROM database_identity
"""


async def open_lineage(pool: PostgresPool) -> bool:
    """
    Settle the lineages; return whether this database user may read the server's identity: else nothing is noticed.

    Raises:
        Unavailable: the database does not answer.
    """
    try:
        async with pool.transaction() as connection:
            await settle_lineage(connection)
    except asyncpg.InsufficientPrivilegeError:
        _log.warning("this database user may not read the server's identity: a restored copy may go unnoticed")
        return False
    return True


async def settle_lineage(connection: asyncpg.Connection) -> None:
    """
    Give every environment a new lineage if this is not the database that was last used.

    Any number of replicas may do so at once. Call it in a transaction that holds no lock yet: it may lock environments.
    """
    identity = await connection.fetchrow(_IDENTITY)
    if identity["known"] == identity["found"]:
        return
    # The one row is the lock between replicas: the second waits here, and then finds it done.
    identity = await connection.fetchrow(f"{_IDENTITY} FOR UPDATE")
    known, found = identity["known"], identity["found"]
    if known == found:
        return
    await connection.execute("UPDATE database_identity SET fingerprint = $1", found)
    if known:
        await connection.execute("UPDATE environments SET lineage = gen_random_uuid()::text")
        _log.warning("the database was copied, restored or failed over: every environment has a new lineage")
