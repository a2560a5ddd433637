"""Which partitions there have to be, and which may go."""

import datetime

import pytest

from services.telemetry.log.partitions import (
    day_of,
    event_days,
    expired_events,
    expired_keys,
    key_days,
    partition_of,
    sealable,
)

BEGAN = datetime.datetime(2026, 3, 1, 15, tzinfo=datetime.UTC)


def at(text: str) -> datetime.datetime:
    """Return a moment."""
    return datetime.datetime.fromisoformat(text)


def march(*days: int) -> list[datetime.date]:
    """Return days of March 2026."""
    return [datetime.date(2026, 3, day) for day in days]


@pytest.mark.parametrize("now", ["2026-03-10T00:00:00+00:00", "2026-03-10T23:59:59.999999+00:00"])
def test_days_of_receipt(now: str) -> None:
    """From yesterday to a week ahead, at either end of the day."""
    assert event_days(at(now)) == march(*range(9, 18))


def test_days_are_those_of_utc() -> None:
    """Nine in the evening in São Paulo is the next day."""
    assert event_days(at("2026-03-09T21:00:00-03:00"))[0] == datetime.date(2026, 3, 9)


def test_days_of_keys_reach_back_over_the_window_but_not_before_the_log() -> None:
    """Ids from before the log are in the default partition."""
    now = at("2026-03-20T12:00:00+00:00")
    assert key_days(now, 7, BEGAN, []) == march(*range(12, 24))
    assert key_days(now, 30, BEGAN, []) == march(*range(1, 24))
    assert key_days(BEGAN, 7, BEGAN, []) == march(1, 2, 3, 4)


def test_days_of_keys_have_no_gaps() -> None:
    """A service that was away for long creates the days that it missed: imports bring ids of any age."""
    assert key_days(at("2026-03-20T12:00:00+00:00"), 7, BEGAN, march(8, 9)) == march(*range(8, 24))


def test_yesterday_is_never_sealed() -> None:
    """Who began before midnight may still commit."""
    assert sealable(march(7, 8, 9, 10, 11), at("2026-03-10T00:00:00+00:00")) == march(7, 8)


def test_what_is_older_than_the_retention_expires() -> None:
    """In the order of the days."""
    now = at("2026-03-20T12:00:00+00:00")
    assert expired_events(march(12, 11, 10, 13), now, 8) == march(10, 11)


def test_keys_go_when_no_day_is_left_that_their_events_were_received_on() -> None:
    """With a window of seven days, the events of the 1st are received on the 9th at the latest."""
    now = at("2026-03-30T12:00:00+00:00")
    assert expired_keys(march(1, 2, 3), march(9, 10), 7, now) == []
    assert expired_keys(march(1, 2, 3), march(10, 11), 7, now) == march(1)
    assert expired_keys(march(1, 2, 3, 22, 23), [], 7, now) == march(1, 2, 3)


def test_names() -> None:
    """There and back."""
    day = datetime.date(2026, 3, 9)
    assert partition_of("event_keys", day) == "event_keys_20260309"
    assert day_of("event_keys_20260309") == day
