"""What a reader knows of the log's partitions and archives, read anew whenever the database has others."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import asyncpg

from services.telemetry.log.archive_files import ArchivedDay
from services.telemetry.log.partitions import EVENTS, SEAL, day_of, partition_of
from services.telemetry.log.stretches import Day

SIGNATURE: Final = """
    concat(
        (SELECT md5(string_agg(inhrelid::text, ',' ORDER BY inhrelid)) FROM pg_inherits
            WHERE inhparent = 'events'::regclass),
        (SELECT md5(string_agg(file, ',' ORDER BY day)) FROM archives WHERE dropped_at IS NOT NULL)
    )
"""
"""
SQL: other whenever a partition was created or dropped, or the archive of a dropped day rewritten. What a reader knows
is worth something only while this is the same.
"""

_DAYS: Final = f"""
    SELECT relname, EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND conname = '{SEAL}') AS is_sealed
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = '{EVENTS}'::regclass
    ORDER BY relname
"""  # noqa: S608 - constants only
ARCHIVED: Final = """
    SELECT day, file, sha256, lowest_xid::text::bigint, highest_xid::text::bigint
    FROM archives
    WHERE dropped_at IS NOT NULL
"""
"""SQL: the columns of `ArchivedDay`, of all days that are only in their archives."""

_RANGE: Final = "SELECT date '{day}', min(xid)::text::bigint, max(xid)::text::bigint FROM {name}"

_SEALS_SECONDS: Final = 60.0
"""That a day was sealed only makes reading cheaper, so nobody hurries to learn of it."""


@dataclass(frozen=True, slots=True)
class Known:
    """The days of the log: those in the database by their day, in order, and those that are only in archives."""

    signature: str
    known_at: float
    days: dict[datetime.date, Day]
    archived: Sequence[ArchivedDay]


class KnownDays:
    """Remembers what is known."""

    def __init__(self) -> None:
        self._known = Known("", 0.0, {}, ())

    async def at(self, connection: asyncpg.Connection, signature: str, now: float) -> Known:
        """
        Return what there is: at least every partition that was there when `signature` was read.

        Args:
            connection: to read with.
            signature: `SIGNATURE`.
            now: seconds, by a clock that does not run backwards.
        """
        known = self._known
        if signature == known.signature and now - known.known_at < _SEALS_SECONDS:
            return known
        days: dict[datetime.date, Day] = {}
        for row in await connection.fetch(_DAYS):
            day = day_of(row["relname"])
            before = known.days.get(day)
            # A sealed day never changes, but for rows that are erased.
            days[day] = before if before is not None and before.is_sealed else Day(day, row["is_sealed"])
        await _find_ranges(connection, days, [day for day in days.values() if day.is_sealed and day.highest is None])
        # After the partitions: a day that is dropped meanwhile is then in both, and never in none.
        archived = [ArchivedDay(*row) for row in await connection.fetch(ARCHIVED)]
        self._known = Known(signature, now, days, archived)
        return self._known


async def with_lowest(connection: asyncpg.Connection, known: Known, days: Sequence[Day], horizon: int) -> list[Day]:
    """Return these days with their lowest transaction below the horizon, also of those that are not sealed."""
    found = {day.day: day for day in days}
    await _find_ranges(connection, found, [day for day in days if day.lowest is None and not day.is_sealed])
    for day in found.values():
        if not day.is_sealed:
            # What comes below the horizon later on is above it now: the lowest stays the lowest.
            is_final = day.lowest is not None and day.lowest < horizon
            found[day.day] = known.days[day.day] = Day(
                day.day, is_sealed=False, lowest=day.lowest if is_final else None
            )
    return list(found.values())


async def _find_ranges(connection: asyncpg.Connection, days: dict[datetime.date, Day], wanted: Sequence[Day]) -> None:
    """Set the lowest and highest transactions of the days that are wanted."""
    if wanted:
        names = [(day.day, partition_of(EVENTS, day.day)) for day in wanted]
        parts = [_RANGE.format(day=day, name=name) for day, name in names]
        for day, lowest, highest in await connection.fetch(" UNION ALL ".join(parts)):
            days[day] = replace(days[day], lowest=lowest, highest=highest)
