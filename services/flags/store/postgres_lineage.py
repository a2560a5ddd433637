"""
Gives every environment a new lineage when the database was copied, restored or failed over since it was last used.

Looked at when a service opens the database and before every change: no revision number is ever given out twice in one
lineage, even if the newest changes were lost on the way. A file-level copy put back in place looks the same: that is
noticed when a subscriber shows a revision from its future (`RulesReader.start_lineage`).
"""

import logging
from typing import Final

import asyncpg

from services.runtime.postgres.identity import DatabaseIdentity, Recognised, settle_if_allowed
from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

_IDENTITY: Final = DatabaseIdentity("database_identity", witness="environments")


async def open_lineage(pool: PostgresPool) -> bool:
    """
    Settle the lineages; return whether this database user may read the server's identity: else nothing is noticed.

    Raises:
        Unavailable: the database does not answer.
    """
    return await settle_if_allowed(pool, settle_lineage)


async def settle_lineage(connection: asyncpg.Connection) -> None:
    """
    Give every environment a new lineage if this is not the database that was last used.

    Any number of replicas may do so at once. Call it in a transaction that holds no lock yet: it may lock environments.
    """
    if await _IDENTITY.settle(connection) is Recognised.OTHER:
        await connection.execute("UPDATE environments SET lineage = gen_random_uuid()::text")
        _log.warning("the database was copied, restored or failed over: every environment has a new lineage")
