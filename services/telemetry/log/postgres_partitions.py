"""Creates partitions ahead of time."""

import datetime
import logging
from typing import Final

import asyncpg

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.event_ids import first_id_of
from services.telemetry.log.partitions import (
    EVENT_KEYS,
    EVENTS,
    day_of,
    event_days,
    key_days,
    partition_of,
)

_log = logging.getLogger(__name__)

_PARTITION_LOCK: Final = 0x6D69725F70617274  # "mir_part": replicas create one after the other

_DEFAULT: Final = "event_keys_before"
_BEFORE_THE_LOG: Final = "before_the_log"

_PRESENT: Final = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = $1::text::regclass AND relname ~ '_[0-9]{8}$'
    ORDER BY relname
"""
# Attached, because `CREATE TABLE ... PARTITION OF` would hold up everybody who writes.
_CREATE: Final = """
    CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
    ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{following}')
"""
_IS_BOUNDED: Final = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2)"
_DAY: Final = datetime.timedelta(days=1)


class Partitions:
    """
    The partitions of the log and of its dedupe keys.

    Args:
        pool: of the database.
        window_days: events whose id is older are refused.
        log_began: of the installation.
    """

    def __init__(self, pool: PostgresPool, window_days: int, log_began: datetime.datetime) -> None:
        self._pool = pool
        self._window_days = window_days
        self._log_began = log_began
        self._keys_since = log_began

    def keys_since_ms(self) -> int:
        """Return since when, in milliseconds since 1970, ids have partitions of keys: earlier ones were dropped."""
        return int(self._keys_since.timestamp() * 1000)

    async def ensure(self, now: datetime.datetime) -> None:
        """
        Create the partitions that there have to be, unless they are there. Any number of replicas may do so at once.

        Raises:
            Unavailable: the database does not answer; what was created stays.
        """
        async with self._pool.connection() as connection:
            events, keys = await present_days(connection, EVENTS), await present_days(connection, EVENT_KEYS)
            is_bounded = await connection.fetchval(_IS_BOUNDED, _DEFAULT, _BEFORE_THE_LOG)
        if not is_bounded:
            await self._bound_default()
        wanted_keys = key_days(now, self._window_days, self._log_began, keys)
        for table, wanted, present in ((EVENTS, event_days(now), events), (EVENT_KEYS, wanted_keys, keys)):
            for day in wanted:
                if day not in present:
                    await self._create(table, day)
        midnight = datetime.datetime.combine(wanted_keys[0], datetime.time(), datetime.UTC)
        # On the first day the log began somewhat later.
        self._keys_since = max(midnight, self._log_began)

    async def _create(self, table: str, day: datetime.date) -> None:
        # Each in a transaction of its own: nobody waits for long.
        async with self._pool.transaction() as connection:
            await connection.fetchval("SELECT pg_advisory_xact_lock($1)", _PARTITION_LOCK)
            if day not in await present_days(connection, table):
                name = partition_of(table, day)
                first, following = _bounds(table, day)
                await connection.execute(_CREATE.format(name=name, table=table, first=first, following=following))
                _log.info("partition created", extra={"partition": name})

    async def _bound_default(self) -> None:
        """
        Let the default partition take nothing but ids from before the log.

        Else an id that finds no partition would lie there unnoticed, and its day's partition could never be created.
        Besides, Postgres need not search it for every partition that is attached.
        """
        async with self._pool.transaction() as connection:
            await connection.fetchval("SELECT pg_advisory_xact_lock($1)", _PARTITION_LOCK)
            if not await connection.fetchval(_IS_BOUNDED, _DEFAULT, _BEFORE_THE_LOG):
                first = first_id_of(self._log_began.astimezone(datetime.UTC).date())
                await connection.execute(
                    f"ALTER TABLE {_DEFAULT} ADD CONSTRAINT {_BEFORE_THE_LOG} CHECK (event_id < '{first}')"
                )


async def present_days(connection: asyncpg.Connection, table: str) -> list[datetime.date]:
    """Return the days that a table has partitions for, in order."""
    return [day_of(row[0]) for row in await connection.fetch(_PRESENT, table)]


def _bounds(table: str, day: datetime.date) -> tuple[str, str]:
    if table == EVENT_KEYS:
        return str(first_id_of(day)), str(first_id_of(day + _DAY))
    return f"{day} 00:00+00", f"{day + _DAY} 00:00+00"
