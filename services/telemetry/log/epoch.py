"""
Opens the log, and begins a new epoch when its database is not the one that was last used.

Positions compare within one epoch. After a restore, transactions that readers have seen may be gone and their ids given
to others, so every reader has to begin anew.
"""

import datetime
import logging
import uuid
from dataclasses import dataclass
from typing import Final

import asyncpg

from services.runtime.postgres.identity import DatabaseIdentity, Recognised, settle_if_allowed
from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

IDENTITY: Final = DatabaseIdentity("telemetry_installation", witness="events")

_NEW_EPOCH: Final = "UPDATE telemetry_installation SET epoch = gen_random_uuid()"
_READ: Final = "SELECT hash_secret, epoch, log_began FROM telemetry_installation"
# Of rows whose transaction has not been on this server: a dump was restored, and its ids begin anew.
_HIGHEST_FOREIGN: Final = """
    SELECT max(xid)::text::bigint
    FROM (
        SELECT max(xid) AS xid FROM events
        UNION ALL SELECT max(highest_xid) FROM archives
        UNION ALL SELECT max(xid) FROM traits
    ) AS highest
    WHERE xid >= (
        SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + xid_offset)::text::xid8
        FROM telemetry_installation
    )
"""
_RAISE_OFFSET: Final = "UPDATE telemetry_installation SET xid_offset = $1"
_RAISE_DEFAULT: Final = """
    ALTER TABLE {table} ALTER COLUMN xid
    SET DEFAULT (pg_current_xact_id()::text::bigint + {offset})::text::xid8
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """What this installation is: its secret for hashes, the log's epoch, and when the log began."""

    hash_secret: bytes
    epoch: uuid.UUID
    log_began: datetime.datetime


async def open_installation(pool: PostgresPool) -> Installation:
    """
    Return what this installation is, in a new epoch if the database was copied, restored or failed over.

    Raises:
        Unavailable: the database does not answer.
    """
    await settle_if_allowed(pool, settle_epoch)
    async with pool.connection() as connection:
        row = await connection.fetchrow(_READ)
    return Installation(row["hash_secret"], row["epoch"], row["log_began"])


async def settle_epoch(connection: asyncpg.Connection) -> None:
    """Begin a new epoch if this is not the database that was last used. Call it in a transaction without locks."""
    if await IDENTITY.settle(connection) is Recognised.OTHER:
        await _begin_epoch(connection)


async def begin_epoch(connection: asyncpg.Connection, instead_of: uuid.UUID) -> None:
    """Begin a new epoch unless somebody has done so already. Call it in a transaction without locks."""
    epoch = await connection.fetchval("SELECT epoch FROM telemetry_installation FOR UPDATE")
    if epoch == instead_of:
        await _begin_epoch(connection)


async def _begin_epoch(connection: asyncpg.Connection) -> None:
    await connection.execute(_NEW_EPOCH)
    highest = await connection.fetchval(_HIGHEST_FOREIGN)
    if highest is not None:
        await connection.execute(_RAISE_OFFSET, highest)
        for table in ("events", "traits"):
            await connection.execute(_RAISE_DEFAULT.format(table=table, offset=highest))
    _log.warning("the database was copied, restored or failed over: the log begins a new epoch")
