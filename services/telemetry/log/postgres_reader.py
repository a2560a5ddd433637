"""The `LogReader` on Postgres and the archives."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Final

import asyncpg

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.subjects import ANONYMOUS
from services.telemetry.log import BEGINNING, END, LogRow, LogSlice, Position
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.cursor import of_another_epoch
from services.telemetry.log.joining import ENTRY_BYTES, MOST_BYTES, Part, joined
from services.telemetry.log.known_days import with_lowest
from services.telemetry.log.postgres_head import Head, PostgresHead
from services.telemetry.log.stretches import Stretch, is_far_behind, next_stretch, unread

READER_SETTINGS: Final = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""
Of the connections of readers, which go along indexes only. A plan that was made while a day was empty would otherwise
be used until the database has counted its rows, and read all of them for every slice.
"""

_LEAST_SCANNED: Final = 500
"""Rows of whatever environment that are looked at together."""
_MOST_PASSED: Final = 100_000
"""Rows of other environments that are passed at once: some 50 ms of the database."""
_MOST_ARCHIVED: Final = 1_000
"""Rows of archives that are looked at together: of those the bodies come too."""

_RECENT: Final = datetime.timedelta(days=2)
"""A day as young as that is not dropped while it is read: retention is at least 8 days, and a read takes seconds."""

# The days stand in the text, so that the plan is made for them alone. Rows of other environments are passed over; only
# the last row that was looked at is returned whosever it is. Without a limit on bytes a thousand large events would be
# read to stream the first thirty.
_ROWS: Final = f"""
    WITH following AS (
        SELECT xid, ord, kind, environment, tenant, subject, name, received_at, body,
            CASE WHEN environment = $1 THEN octet_length(body) + {ENTRY_BYTES} ELSE 0 END AS own_size
        FROM events
        WHERE {{days}} AND xid >= $2 AND (xid > $2 OR ord > $3) AND xid < $4
        ORDER BY xid, ord
        LIMIT $5
    ), measured AS (
        SELECT *, row_number() OVER in_order AS number, sum(own_size) OVER in_order AS size,
            lead(own_size) OVER in_order AS next_size
        FROM following
        WINDOW in_order AS (ORDER BY xid, ord ROWS UNBOUNDED PRECEDING)
    )
    SELECT
        m.xid::text::bigint, m.ord, m.kind, m.environment, m.tenant, m.subject, m.name, m.received_at,
        CASE WHEN m.environment = $1 THEN m.body END,
        coalesce('u:' || a.user_id, m.subject),
        m.number, m.next_size IS NULL
    FROM measured AS m
    LEFT JOIN aliases AS a
        ON m.environment = $1 AND starts_with(m.subject, 'a:')
        AND a.environment = m.environment AND a.tenant = m.tenant AND a.anonymous_id = substr(m.subject, 3)
    WHERE (m.size <= {MOST_BYTES} OR m.size = m.own_size)
        AND (m.environment = $1 OR m.next_size IS NULL OR (m.size > 0 AND m.size + m.next_size > {MOST_BYTES}))
    ORDER BY m.xid, m.ord
"""  # noqa: S608 - constants only
# Where the rows end, when none at all is of the environment; and where the next ones do, when none of those is.
_ALL_OTHERS: Final = """
    SELECT xid::text::bigint, ord
    FROM events
    WHERE {days} AND xid >= $2 AND (xid > $2 OR ord > $3) AND xid < $4
        AND NOT EXISTS (SELECT FROM events WHERE {days} AND environment = $1)
    ORDER BY events.xid DESC, events.ord DESC
    LIMIT 1
"""
_OTHERS: Final = """
    WITH following AS MATERIALIZED (
        SELECT xid, ord, environment = $1 AS is_wanted
        FROM events
        WHERE {days} AND xid >= $2 AND (xid > $2 OR ord > $3) AND xid < $4
        ORDER BY xid, ord
        LIMIT $5
    )
    SELECT xid::text::bigint, ord
    FROM following
    WHERE NOT EXISTS (SELECT FROM following WHERE is_wanted)
    ORDER BY xid DESC, ord DESC
    LIMIT 1
"""
_WITHOUT_COUNTS: Final = itemgetter(slice(len(LogRow._fields)))
_HIGHEST: Final = "SELECT max(xid)::text::bigint FROM events WHERE {days} AND xid < $1"
_PERSONS: Final = """
    SELECT tenant, 'a:' || anonymous_id, 'u:' || user_id
    FROM aliases JOIN unnest($2::text[], $3::text[]) AS wanted (tenant, anonymous_id) USING (tenant, anonymous_id)
    WHERE environment = $1
"""


class PostgresLogReader:
    """
    The `LogReader`, on a pool with `READER_SETTINGS`.

    The horizon is read by one statement and the rows below it by a later one, so that all of them are visible to it.
    """

    def __init__(self, pool: PostgresPool, archived: ArchivedLog) -> None:
        self._pool = pool
        self._archived = archived
        self._head = PostgresHead(pool)

    async def epoch(self) -> uuid.UUID:
        """See `LogReader`."""
        return (await self._head.read()).epoch

    async def end(self) -> Position:
        """See `LogReader`."""
        head = await self._head.read()
        highest = [day.highest for day in head.known.archived]
        open_days = []
        for day in head.known.days.values():
            if day.is_sealed and (day.highest is None or day.highest < head.horizon):
                highest.append(day.highest)
            else:
                open_days.append(day.day)
        if open_days:
            query = _HIGHEST.format(days=_between(open_days[0], None))
            async with self._pool.connection() as connection:
                highest.append(await connection.fetchval(query, head.horizon))
        return max([BEGINNING, *[Position(xid, END) for xid in highest if xid is not None]])

    async def read(self, environment: str, epoch: uuid.UUID, after: Position, limit: int) -> LogSlice:
        """See `LogReader`."""
        while True:
            head = await self._head.read()
            if head.epoch == epoch and after.xid >= head.following:
                # Only the future of another copy of this database can have had it.
                await self._head.begin_epoch(epoch)
                raise of_another_epoch()
            if head.epoch != epoch:
                raise of_another_epoch()
            parts = await self._parts(environment, head, after, max(limit, _LEAST_SCANNED))
            if parts is not None:
                held_back = head.horizon < head.following
                return joined(parts, environment, after, limit, held_back=held_back, read_at=head.read_at)

    async def _parts(self, environment: str, head: Head, after: Position, scanned: int) -> Sequence[Part] | None:
        """Return what archives and tables hold; None when days were dropped meanwhile."""
        archived_limit = min(scanned, _MOST_ARCHIVED)
        try:
            rows = await self._archived.read(head.known.archived, after, archived_limit)
        except FileNotFoundError:
            if await self._is_unchanged(head):
                raise
            return None  # rewritten without somebody who was erased
        async with self._pool.connection() as connection:
            days = unread(list(head.known.days.values()), after)
            if is_far_behind(days):
                days = await with_lowest(connection, head.known, days, head.horizon)
            stretch = next_stretch(days, after, head.horizon)
            if rows:
                rows = await _with_persons(connection, environment, rows)
            archived = Part(rows, Position(*rows[-1][:2]) if len(rows) == archived_limit else None)
            if stretch is None:
                return [archived]
            if archived.complete is not None and archived.complete.xid < stretch.ceiling:
                stretch = replace(stretch, ceiling=archived.complete.xid + 1)
            rows, is_cut = await _read_table(connection, environment, after, stretch, scanned)
            end = None if stretch.ceiling == head.horizon else Position(stretch.ceiling - 1, END)
            present = Part(rows, Position(*rows[-1][:2]) if is_cut else end)
        if stretch.first < head.read_at.date() - _RECENT and not await self._is_unchanged(head):
            return None
        return [archived, present]

    async def _is_unchanged(self, head: Head) -> bool:
        async with self._pool.connection() as connection:
            return await self._head.is_unchanged(connection, head)


async def _read_table(
    connection: asyncpg.Connection, environment: str, after: Position, stretch: Stretch, scanned: int
) -> tuple[list[LogRow], bool]:
    """Return the rows of a stretch after a position, and whether there may be more of them."""
    # What is complete is passed by a comparison that an index answers, not row by row.
    first = Position(after.xid + 1, -1) if after.order == END else after
    days = _between(stretch.first, stretch.last)
    found = await connection.fetch(_ROWS.format(days=days), environment, *first, stretch.ceiling, scanned)
    rows = list(map(LogRow._make, map(_WITHOUT_COUNTS, found)))
    if not rows:
        return rows, False
    looked_at, all_looked_at = found[-1][-2:]
    is_cut = not all_looked_at or looked_at == scanned
    if is_cut and len(rows) == 1 and rows[0].environment != environment:
        place = await _passed(connection, environment, Position(*rows[0][:2]), stretch)
        if place is not None:
            rows = [rows[0]._replace(xid=place.xid, order=place.order)]
    return rows, is_cut


async def _passed(
    connection: asyncpg.Connection, environment: str, after: Position, stretch: Stretch
) -> Position | None:
    """Return how far others alone have written, where that is much; None when it is not."""
    days = _between(stretch.first, stretch.last)
    arguments = (environment, *after, stretch.ceiling)
    place = await connection.fetchrow(_ALL_OTHERS.format(days=days), *arguments)
    if place is None:
        place = await connection.fetchrow(_OTHERS.format(days=days), *arguments, _MOST_PASSED)
    return None if place is None else Position(*place)


async def _with_persons(connection: asyncpg.Connection, environment: str, rows: Sequence[LogRow]) -> list[LogRow]:
    wanted = {
        (row.tenant, row.subject)
        for row in rows
        if row.environment == environment and row.subject.startswith(ANONYMOUS)
    }
    if not wanted:
        return list(rows)
    tenants, subjects = zip(*wanted, strict=True)
    found = await connection.fetch(
        _PERSONS, environment, list(tenants), [subject.removeprefix(ANONYMOUS) for subject in subjects]
    )
    users = {(tenant, subject): user for tenant, subject, user in found}
    return [
        row._replace(person=users.get((row.tenant, row.subject), row.person)) if row.environment == environment else row
        for row in rows
    ]


def _between(first: datetime.date, last: datetime.date | None) -> str:
    """Return the SQL condition for days of receipt."""
    condition = f"received_at >= '{first} 00:00+00'"
    if last is None:
        return condition
    return f"{condition} AND received_at < '{last + datetime.timedelta(days=1)} 00:00+00'"
