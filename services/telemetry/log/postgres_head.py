"""What one snapshot shows of the log: its epoch and its horizon."""

import asyncio
import datetime
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Final

import asyncpg

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.log.epoch import IDENTITY, begin_epoch, settle_epoch
from services.telemetry.log.known_days import SIGNATURE, Known, KnownDays

_log = logging.getLogger(__name__)

_HEAD: Final = """
    SELECT
        epoch,
        pg_snapshot_xmin(snapshot)::text::bigint + xid_offset AS horizon,
        pg_snapshot_xmax(snapshot)::text::bigint + xid_offset AS following,
        now() AS read_at,
        {signature} AS signature,
        {is_changed} AS is_changed
    FROM telemetry_installation, pg_current_snapshot() AS snapshot
"""
_RECOGNISING: Final = _HEAD.format(signature=SIGNATURE, is_changed=IDENTITY.is_changed)
_TRUSTING: Final = _HEAD.format(signature=SIGNATURE, is_changed="false")


@dataclass(frozen=True, slots=True)
class Head:
    """
    The log as one snapshot shows it.

    Args:
        epoch: of positions.
        horizon: transactions below it are final: whatever they wrote is visible from now on.
        following: this transaction and later ones had not begun.
        read_at: the database's time.
        known: the days that there are, at least all that have a row below the horizon.
    """

    epoch: uuid.UUID
    horizon: int
    following: int
    read_at: datetime.datetime
    known: Known


class PostgresHead:
    """Reads heads, and begins a new epoch when the database is not the one that was last used."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._days = KnownDays()
        self._query = _RECOGNISING
        self._settling = asyncio.Lock()

    async def read(self) -> Head:
        """Return the present head. Raises Unavailable."""
        while True:
            async with self._pool.connection() as connection:
                row = await self._fetch(connection)
                if not row["is_changed"]:
                    known = await self._days.at(connection, row["signature"], time.monotonic())
                    return Head(row["epoch"], row["horizon"], row["following"], row["read_at"], known)
            async with self._settling, self._pool.transaction() as connection:
                await settle_epoch(connection)

    async def is_unchanged(self, connection: asyncpg.Connection, head: Head) -> bool:
        """Return whether the days are still those of a head: none was dropped in between."""
        signature: str = await connection.fetchval(f"SELECT {SIGNATURE}")
        return signature == head.known.signature

    async def begin_epoch(self, instead_of: uuid.UUID) -> None:
        """Begin a new epoch: a position was shown that this database has not reached."""
        async with self._pool.transaction() as connection:
            await begin_epoch(connection, instead_of)

    async def _fetch(self, connection: asyncpg.Connection) -> asyncpg.Record:
        try:
            return await connection.fetchrow(self._query)
        except asyncpg.InsufficientPrivilegeError:
            self._query = _TRUSTING
            return await connection.fetchrow(self._query)
