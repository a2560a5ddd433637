"""Notices that a database was copied or restored since it was last opened."""

import logging
from typing import Final

import asyncpg

from services.flags.store.postgres_pool import PostgresPool

_log = logging.getLogger(__name__)

# A base backup that was brought up elsewhere or rewound to a point in time has another timeline, a dump has other
# object ids, a new cluster has another system identifier. A file-level copy put back in place has all the same: that is
# noticed when a subscriber shows a revision from its future (`RulesReader.start_lineage`).
_FINGERPRINT: Final = """
    SELECT concat_ws(
        '/',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        'environments'::regclass::oid,
        left(pg_walfile_name(pg_current_wal_lsn()), 8)
    )
"""


async def settle_lineage(pool: PostgresPool) -> bool:
    """
    Give every environment a new lineage if this is not the database that was last opened; return whether it was not.

    Any number of replicas may do so at once. Without the right to read the server's identity nothing is changed.

    Raises:
        Unavailable: the database does not answer.
    """
    async with pool.transaction() as connection:
        # The one row is the lock between replicas.
        known: str = await connection.fetchval("SELECT fingerprint FROM database_identity FOR UPDATE")
        found = await _fingerprint(connection)
        if found in (None, known):
            return False
        await connection.execute("UPDATE database_identity SET fingerprint = $1", found)
        if not known:
            return False
        await connection.execute("UPDATE environments SET lineage = gen_random_uuid()::text")
        _log.warning("the database was copied or restored: every environment has a new lineage")
        return True


async def _fingerprint(connection: asyncpg.Connection) -> str | None:
    await connection.execute("SAVEPOINT identity")
    try:
        fingerprint: str = await connection.fetchval(_FINGERPRINT)
    except asyncpg.InsufficientPrivilegeError:
        await connection.execute("ROLLBACK TO SAVEPOINT identity")
        _log.warning("this database user may not read the server's identity: a restored copy goes unnoticed at start")
        return None
    return fingerprint
