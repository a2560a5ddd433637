"""Stickiness and lifecycle: both engines and a plain recount give one answer."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.asking import Filter, Known, Operator, Origin, Property, Selection, Unit
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle
from services.metrics.analytics.reports.engagement.stickiness import Stickiness
from services.metrics.analytics.reports.running import Question, check
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
STICKY = Stickiness(scope=scope_of(timedelta(days=6)))
LIVING = Lifecycle(scope=scope_of(timedelta(days=6)), unit=Unit.DAY)
VARIANTS: dict[str, Question] = {
    "days": STICKY,
    "days of one event, compared": replace(
        STICKY, selection=Selection("A"), scope=replace(STICKY.scope, tenant="acme", compare=True), power_from=2
    ),
    "weeks, filtered": replace(STICKY, unit=Unit.WEEK, scope=scope_of(timedelta(days=20), filters=(FIREFOX,))),
    "lifecycle of days": LIVING,
    "lifecycle of weeks": replace(LIVING, unit=Unit.WEEK, scope=scope_of(timedelta(days=16))),
    "lifecycle of months, one event, filtered": replace(
        LIVING, unit=Unit.MONTH, selection=Selection("B"), scope=scope_of(timedelta(days=70), filters=(FIREFOX,))
    ),
}


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=14 * DAY, step=7 * 3_600 * SECOND))
@settings(max_examples=3)
def test_both_engines_agree(asked: Question, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every bar, class and bucket is the same."""
    moved = [replace(event, time=event.time - 3 * DAY) for event in events]
    ask_both(asked, moved, chdb_events, START_US + 5 * DAY)


def days_of(events: list[Happened]) -> dict[int, set[date]]:
    """The local dates on which each actor did something."""
    zone = ZoneInfo("America/Sao_Paulo")
    days = defaultdict[int, set[date]](set)
    for event in events:
        if event.actor:
            days[event.actor].add(datetime.fromtimestamp(event.time // SECOND, UTC).astimezone(zone).date())
    return days


FIRST_DAY = date(2026, 3, 2)
PERIOD = [FIRST_DAY + timedelta(days=number) for number in range(6)]


@given(events=streams(span=40 * DAY, step=7 * 3_600 * SECOND))
@settings(max_examples=10)
def test_definition_of_stickiness(events: list[Happened]) -> None:
    """A plain recount of active days, and of the actors of a day among those of a month."""
    events = [replace(event, time=event.time - 33 * DAY) for event in events]
    days = days_of(events)
    result = ask(STICKY, events)
    counts = Counter(len(each & set(PERIOD)) for each in days.values())
    assert [bar.actors for bar in result.distribution] == [counts[number] for number in range(1, 7)]
    assert [bar.or_more for bar in result.distribution] == [
        sum(count for units, count in counts.items() if units >= number) for number in range(1, 7)
    ]
    shares = []
    for day in PERIOD:
        month = {day - timedelta(days=number) for number in range(30)}
        whole = sum(bool(each & month) for each in days.values())
        if whole:
            shares.append(sum(day in each for each in days.values()) / whole)
    expected = sum(shares) / len(shares) if shares else None
    assert result.day_to_month == (None if expected is None else pytest.approx(expected))
    assert (result.power.actors + result.casual.actors, result.power_from) == (sum(counts.values()) - counts[0], 3)


@given(events=streams(span=12 * DAY, step=7 * 3_600 * SECOND))
@settings(max_examples=10)
def test_definition_of_lifecycle(events: list[Happened]) -> None:
    """A plain recount, and the two identities: nobody is lost between two days."""
    events = [replace(event, time=event.time - 4 * DAY) for event in events]
    days = days_of(events)
    before = timedelta(days=1)
    result = ask(LIVING, events)
    for day, bucket in zip(PERIOD, result, strict=True):
        active = [each for each in days.values() if day in each]
        new = sum(min(each) == day for each in active)
        returning = sum(day - before in each for each in active)
        dormant = sum(day - before in each and day not in each for each in days.values())
        assert (bucket.new, bucket.returning, bucket.dormant) == (new, returning, dormant)
        assert bucket.new + bucket.returning + bucket.resurrecting == len(active)
        assert bucket.returning + bucket.dormant == sum(day - before in each for each in days.values())


def test_power_and_casual_users() -> None:
    """Who is active on many days, and how much of everything they do."""
    events = [Happened(1, START_US + number * DAY, "A") for number in range(4)]
    events += [Happened(2, START_US, "A"), Happened(3, START_US, "A"), Happened(3, START_US, "A")]
    result = ask(replace(STICKY, power_from=3), events)
    assert (result.power.actors, result.power.events, result.power.event_share) == (1, 4, 4 / 7)
    assert (result.casual.actors, result.casual.events, result.casual.actor_share) == (2, 3, 2 / 3)


def test_nobody() -> None:
    """Without events there is nothing to be shared."""
    result = ask(STICKY, [])
    assert (result.power.actor_share, result.day_to_month, sum(bar.actors for bar in result.distribution)) == (
        None,
        None,
        0,
    )


WRONG: dict[str, tuple[Question, str]] = {
    "hours": (replace(STICKY, unit=Unit.HOUR), "unit"),
    "hours of life": (replace(LIVING, unit=Unit.HOUR), "unit"),
    "unknown event": (replace(LIVING, selection=Selection("Z")), "selection.event"),
    "a negative number": (replace(STICKY, power_from=-1), "power_from"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(events={"A", "B"}))
    assert [violation.field for violation in caught.value.violations] == [field]
