"""What people ask of the log: its newest events, and how many there are. On an ordinary pool: it may look at much."""

import asyncio
import datetime
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.stored import EVENT
from services.telemetry.events.subjects import ANONYMOUS, USER
from services.telemetry.log import LogRow, Position
from services.telemetry.log.archive_files import counts_by_name
from services.telemetry.log.known_days import ARCHIVED
from services.telemetry.log.partitions import day_of
from services.telemetry.log.tailing import Wanted

_SEARCH_SECONDS: Final = 5.0

_PARTITIONS: Final = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'events'::regclass ORDER BY relname DESC
"""
_JOINED_IDS: Final = """
    SELECT anonymous_id FROM aliases WHERE environment = $1 AND ($2 = '' OR tenant = $2) AND user_id = $3
"""
_NEWEST: Final = """
    SELECT
        e.xid::text::bigint, e.ord, e.kind, e.environment, e.tenant, e.subject, e.name, e.received_at, e.body,
        coalesce('u:' || a.user_id, e.subject)
    FROM {partition} AS e
    LEFT JOIN aliases AS a
        ON starts_with(e.subject, 'a:')
        AND a.environment = e.environment AND a.tenant = e.tenant AND a.anonymous_id = substr(e.subject, 3)
    WHERE e.environment = $1 AND e.kind = $2 AND e.xid <= $3 AND (e.xid < $3 OR e.ord <= $4)
        AND ($5 = '' OR e.tenant = $5)
        AND ($6::text[] IS NULL OR e.name = ANY ($6))
        AND ($7::text[] IS NULL OR e.subject = ANY ($7))
        AND ($8 = '' OR coalesce('u:' || a.user_id, e.subject) = $8)
    ORDER BY e.xid DESC, e.ord DESC
    LIMIT $9
"""
_COVERED: Final = """
    SELECT name, day, sum(events)::bigint FROM coverage
    WHERE environment = $1 AND outcome IN (1, 2, 3)
    GROUP BY name, day ORDER BY day, name
"""
_COUNTED: Final = """
    SELECT name, count(*) FROM {partition} WHERE environment = $1 AND tenant = $2 AND kind = $3 GROUP BY name
"""


class EventCount(NamedTuple):
    """So many events of a name were received on a day (UTC)."""

    name: str
    day: datetime.date
    events: int


class RecentEvents(Protocol):
    """What people ask of the log. All methods raise `Unavailable` when the database does not answer."""

    async def newest(self, environment: str, wanted: Wanted, until: Position, count: int) -> Sequence[LogRow]:
        """
        Return the newest events up to a position, newest first.

        What is rare may take long to find: after 5 s of looking, older days are not looked at any more. Days that are
        only in archives never are.
        """

    async def counts(self, environment: str, tenant: str) -> Sequence[EventCount]:
        """
        Return how many events were stored, by name and day.

        Of a whole environment, whatever became of them since; of one tenant, those that are still in the log.
        """


class PostgresRecentEvents:
    """The `RecentEvents` on Postgres and a folder of archives."""

    def __init__(self, pool: PostgresPool, archive_folder: Path) -> None:
        self._pool = pool
        self._folder = archive_folder

    async def newest(self, environment: str, wanted: Wanted, until: Position, count: int) -> Sequence[LogRow]:
        """See `RecentEvents`."""
        person, subjects = "", None
        async with self._pool.connection() as connection:
            partitions = [row[0] for row in await connection.fetch(_PARTITIONS)]
            if wanted.user_id:
                joined = await connection.fetch(_JOINED_IDS, environment, wanted.tenant, wanted.user_id)
                person = USER + wanted.user_id
                subjects = [person, *[ANONYMOUS + row[0] for row in joined]]
        names = sorted(wanted.names) or None
        filters = (wanted.tenant, names, subjects, person)
        deadline = time.monotonic() + _SEARCH_SECONDS
        found: list[LogRow] = []
        for partition in partitions:
            if len(found) >= count or time.monotonic() > deadline:
                break
            query = _NEWEST.format(partition=partition)
            async with self._pool.connection() as connection:
                rows = await connection.fetch(query, environment, EVENT, *until, *filters, count)
            found += [LogRow(*row) for row in rows]
        # Days share transactions around midnight.
        return sorted(found, key=lambda row: row[:2], reverse=True)[:count]

    async def counts(self, environment: str, tenant: str) -> Sequence[EventCount]:
        """See `RecentEvents`."""
        async with self._pool.connection() as connection:
            if not tenant:
                return [EventCount(*row) for row in await connection.fetch(_COVERED, environment)]
            partitions = [row[0] for row in await connection.fetch(_PARTITIONS)]
        found: Counter[tuple[datetime.date, str]] = Counter()
        for partition in partitions:
            query = _COUNTED.format(partition=partition)
            async with self._pool.connection() as connection:
                for name, events in await connection.fetch(query, environment, tenant, EVENT):
                    found[day_of(partition), name] += events
        async with self._pool.connection() as connection:
            archived = await connection.fetch(ARCHIVED)
        for day, file, *_ in archived:
            counted = await asyncio.to_thread(counts_by_name, self._folder / file, environment, tenant, EVENT)
            for name, events in counted:
                found[day, name] += events
        return [EventCount(name, day, events) for (day, name), events in sorted(found.items())]
