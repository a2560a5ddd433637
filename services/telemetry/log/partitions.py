"""Which partitions there have to be, and which may go. Pure."""

import datetime
from collections.abc import Collection
from typing import Final

EVENTS: Final = "events"
EVENT_KEYS: Final = "event_keys"

SEAL: Final = "sealed"
"""The constraint on partitions of the log that take no rows any more."""

_EVENT_DAYS_BEFORE: Final = 1
_EVENT_DAYS_AHEAD: Final = 7
_KEY_DAYS_AHEAD: Final = 3
"""Ids are made by clients' clocks, which may be a day ahead; the rest is for a service that was away."""
_DAY: Final = datetime.timedelta(days=1)


def partition_of(table: str, day: datetime.date) -> str:
    """Return the name of a day's partition."""
    return f"{table}_{day:%Y%m%d}"


def day_of(partition: str) -> datetime.date:
    """Return the day of a partition from its name."""
    digits = partition.rpartition("_")[2]
    return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def event_days(now: datetime.datetime) -> list[datetime.date]:
    """Return the days of receipt that need partitions of the log: from yesterday, for who began before midnight."""
    return _days(_today(now) - _EVENT_DAYS_BEFORE * _DAY, _today(now) + _EVENT_DAYS_AHEAD * _DAY)


def key_days(
    now: datetime.datetime, window_days: int, log_began: datetime.datetime, present: Collection[datetime.date]
) -> list[datetime.date]:
    """
    Return the days of ids' own time that need partitions of the dedupe keys.

    They reach as far back as events are taken, and without gaps to the oldest that is there; but never before the day
    on which the log began: ids from before that are in the default partition, which takes no others.

    Args:
        now: the time.
        window_days: events whose id is older are refused.
        log_began: of the installation.
        present: the days that have partitions.
    """
    first = max(_today(now) - (window_days + 1) * _DAY, _today(log_began))
    return _days(min([first, *present]), _today(now) + _KEY_DAYS_AHEAD * _DAY)


def sealable(present: Collection[datetime.date], now: datetime.datetime) -> list[datetime.date]:
    """Return the days of the log that nobody writes to any more: those before yesterday."""
    return sorted(day for day in present if day < _today(now) - _EVENT_DAYS_BEFORE * _DAY)


def expired_events(
    present: Collection[datetime.date], now: datetime.datetime, retention_days: int
) -> list[datetime.date]:
    """Return the days of the log that are to be archived and dropped."""
    return sorted(day for day in present if day < _today(now) - retention_days * _DAY)


def expired_keys(
    keys: Collection[datetime.date], events: Collection[datetime.date], window_days: int, now: datetime.datetime
) -> list[datetime.date]:
    """
    Return the days whose dedupe keys may go: no day of the log that such events were received on is left.

    An event is received at the earliest a day before its id's day (the client's clock was ahead), and at the latest
    `window_days` and a day after it. From then on an import that brings these events again is refused.

    Args:
        keys: the days that have partitions of keys.
        events: the days that have partitions of the log.
        window_days: events whose id is older are refused.
        now: without any day of the log, what is younger than the window stays.
    """
    oldest = min([*events, _today(now)])
    return sorted(day for day in keys if day + (window_days + 1) * _DAY < oldest)


def _today(now: datetime.datetime) -> datetime.date:
    return now.astimezone(datetime.UTC).date()


def _days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    return [first + number * _DAY for number in range((last - first).days + 1)]
