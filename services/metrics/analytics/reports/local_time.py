"""
Calendar buckets in a time zone. Pure.

An instant belongs to the bucket of its local date: it is moved by the zone's offset at that instant and cut. Days have
23, 24 or 25 hours, and no day is made by adding hours. Instants are microseconds since 1970, UTC; days are numbered
from 1970-01-01 on; an hour is known by the instant at which it began.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.asking import Scope, Unit

SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)

Integers = npt.NDArray[np.int64]


def instant(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Return an instant as a moment, UTC."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


def date_of(day: int) -> date:
    """Return the date of a day."""
    return _FIRST_DAY + timedelta(days=int(day))


class Clock:
    """
    The local time of a zone between two instants.

    Attributes:
        name: of the zone.
        changes: instants at which the offset changes; the first one is the beginning.
        offsets: from each of those on, microseconds.
    """

    def __init__(self, zone: str, start: int, end: int) -> None:
        self.name = zone
        self._zone = ZoneInfo(zone)
        changes = _changes(self._zone, start, end)
        self.changes = [at for at, _ in changes]
        self.offsets = [offset for _, offset in changes]

    def offset(self, at: int) -> int:
        """Return the offset at an instant."""
        return self.offsets[max(bisect_right(self.changes, at) - 1, 0)]

    def local(self, time: Integers) -> Integers:
        """Return instants as local times."""
        if len(self.offsets) == 1:
            return time + self.offsets[0]
        which = np.maximum(np.searchsorted(self.changes, time, "right") - 1, 0)
        return time + np.array(self.offsets, np.int64)[which]

    def bucket(self, time: Integers, unit: Unit) -> Integers:
        """Return the buckets of instants: numbers of first days, or instants for hours."""
        local = self.local(time)
        if unit is Unit.HOUR:
            local %= HOUR
            return time - local
        day = np.floor_divide(local, DAY, out=local)
        return day if unit is Unit.DAY else _of_days(day, unit)

    def bucket_of(self, at: int, unit: Unit) -> int:
        """Return the bucket of one instant."""
        local = at + self.offset(at)
        if unit is Unit.HOUR:
            return at - local % HOUR
        day = local // DAY
        return day if unit is Unit.DAY else int(_of_days(np.array([day], np.int64), unit)[0])

    def begin(self, day: int) -> int:
        """Return the first instant whose local date is a day, which need not be midnight."""
        return _begin(self._zone, day)

    def end(self, bucket: int, unit: Unit) -> int:
        """Return the first instant after a bucket."""
        if unit is Unit.HOUR:
            return bucket + HOUR
        return self.begin(next_bucket(bucket, unit))

    def label(self, bucket: int, unit: Unit) -> str:
        """Return a bucket as ISO 8601: a date, or an hour with its offset."""
        if unit is Unit.HOUR:
            return moment_of(bucket).astimezone(self._zone).isoformat(timespec="minutes")
        return date_of(bucket).isoformat()


@lru_cache(maxsize=256)
def _changes(zone: ZoneInfo, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return the instants from which on offsets hold, the beginning among them; a report asks several times."""
    found = [(start, _offset(zone, start))]
    # No zone has changed twice within eleven hours.
    at = start
    while at < end:
        following = min(at + 11 * HOUR, end)
        offset = _offset(zone, following)
        if offset != found[-1][1]:
            found.append((_change_between(zone, at, following), offset))
        at = following
    return tuple(found)


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=4_096)
def _begin(zone: ZoneInfo, day: int) -> int:
    # Local time may jump over midnight or come back to it: look from the instant that would be 30 h before.
    low, high = day * DAY - 30 * HOUR, day * DAY + 30 * HOUR
    while high - low > 1:
        middle = (low + high) // 2
        if (middle + _offset(zone, middle)) // DAY >= day:
            high = middle
        else:
            low = middle
    return high


def _offset(zone: ZoneInfo, at: int) -> int:
    found = moment_of(at).astimezone(zone).utcoffset()
    return 0 if found is None else found // _MICROSECOND


def buckets(clock: Clock, start: int, end: int, unit: Unit) -> Iterator[int]:
    """Yield all buckets that a period touches, in order."""
    bucket, last = clock.bucket_of(start, unit), clock.bucket_of(end - 1, unit)
    while bucket <= last:
        yield bucket
        bucket = clock.bucket_of(bucket + HOUR, unit) if unit is Unit.HOUR else next_bucket(bucket, unit)


def next_bucket(bucket: int, unit: Unit) -> int:
    """Return the bucket of days that follows."""
    if unit is Unit.MONTH:
        return (date_of(bucket) + timedelta(days=32)).replace(day=1).toordinal() - _FIRST_DAY.toordinal()
    return bucket + (7 if unit is Unit.WEEK else 1)


def before(scope: Scope) -> tuple[datetime, datetime]:
    """Return the period of the same length before, by the local calendar: days of 23 h come before days of 24 h."""
    zone = ZoneInfo(scope.time_zone)
    start, end = scope.start.astimezone(zone), scope.end.astimezone(zone)
    length = end.replace(tzinfo=None) - start.replace(tzinfo=None)
    if length <= timedelta(0):
        return scope.start - (scope.end - scope.start), scope.start
    earlier = (start.replace(tzinfo=None) - length).replace(tzinfo=zone, fold=start.fold)
    return min(earlier.astimezone(UTC), scope.start.astimezone(UTC) - _MICROSECOND), scope.start


def _of_days(day: Integers, unit: Unit) -> Any:
    if unit is Unit.WEEK:
        return (day + 3) // 7 * 7 - 3
    months = day.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)
