"""Looks after the log: partitions ahead of time, days sealed, archived and dropped, and duties that somebody left."""

import asyncio
import datetime
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg

from services.runtime.errors import ServiceError
from services.runtime.postgres.leadership import leading
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.locks import LEADER_LOCK
from services.telemetry.log.archive_files import ArchiveDamaged
from services.telemetry.log.archiving import Archiving, ErasureUnderWay
from services.telemetry.log.partitions import (
    EVENT_KEYS,
    EVENTS,
    expired_events,
    expired_keys,
    partition_of,
    sealable,
)
from services.telemetry.log.postgres_partitions import Partitions, present_days

_log = logging.getLogger(__name__)

_ROUND_SECONDS: Final = 600.0

Duty = Callable[[], Awaitable[object]]


class Upkeep:
    """Does a round every ten minutes: every replica creates partitions, and one at a time does the rest."""

    def __init__(
        self,
        pool: PostgresPool,
        archiving: Archiving,
        *,
        database_url: str,
        window_days: int,
        retention_days: int,
        log_began: datetime.datetime,
        clock: Callable[[], datetime.datetime],
        duties: Sequence[Duty] = (),
    ) -> None:
        """
        Put together.

        Args:
            pool: of the database.
            archiving: of days.
            database_url: where the leader's connection goes.
            window_days: events whose id is older are refused.
            retention_days: days of the log that stay in the database.
            log_began: of the installation.
            clock: the time.
            duties: what else the leader does in each round, such as erasures that were cut short.
        """
        self._partitions = Partitions(pool, window_days, log_began)
        self._archiving = archiving
        self._url = database_url
        self._window_days = window_days
        self._retention_days = retention_days
        self._clock = clock
        self._duties = duties
        self.keys_since_ms = self._partitions.keys_since_ms
        """Return since when, in milliseconds since 1970, ids have partitions of keys."""

    async def ensure(self) -> None:
        """Create the partitions that there have to be now. Raises Unavailable."""
        await self._partitions.ensure(self._clock())

    async def run(self) -> None:
        """Do rounds for ever."""
        while True:
            try:
                await self.round()
            except ServiceError as error:
                _log.warning("the log could not be looked after", extra={"error": error.message})
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> bool:
        """
        Do what is due; return whether this process led.

        Raises:
            Unavailable: the database does not answer.
        """
        now = self._clock()
        await self._partitions.ensure(now)
        async with leading(self._url, "telemetry", LEADER_LOCK) as connection:
            if connection is None:
                return False
            # Rows are dated by the database: what is recent by its clock stays open, however wrong ours is.
            past = min(now, await connection.fetchval("SELECT now()"))
            await self._seal(connection, past)
            await self._archive(connection, past)
            await self._drop_keys(connection, past)
            for duty in self._duties:
                await duty()
        return True

    async def _seal(self, connection: asyncpg.Connection, now: datetime.datetime) -> None:
        for day in sealable(await present_days(connection, EVENTS), now):
            try:
                await self._archiving.seal(connection, day)
            except asyncpg.LockNotAvailableError:
                _log.info("a day is in use and will be sealed later", extra={"day": str(day)})

    async def _archive(self, connection: asyncpg.Connection, now: datetime.datetime) -> None:
        for day in expired_events(await present_days(connection, EVENTS), now, self._retention_days):
            try:
                await self._archiving.archive(connection, day)
            except (asyncpg.LockNotAvailableError, ErasureUnderWay):
                _log.info("a day is in use and will be archived later", extra={"day": str(day)})
                return
            except (ArchiveDamaged, OSError) as error:
                if connection.is_closed():
                    raise
                _log.error("a day could not be archived and stays", extra={"day": str(day), "error": str(error)})
                return

    async def _drop_keys(self, connection: asyncpg.Connection, now: datetime.datetime) -> None:
        keys, events = await present_days(connection, EVENT_KEYS), await present_days(connection, EVENTS)
        for day in expired_keys(keys, events, self._window_days, now):
            try:
                await connection.execute(f"DROP TABLE {partition_of(EVENT_KEYS, day)}")
            except asyncpg.LockNotAvailableError:
                _log.info("dedupe keys are in use and will be dropped later", extra={"day": str(day)})
