"""Series: both engines and a plain recount give one answer; days of any length; exact sums."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import (
    Breakdown,
    Filter,
    Known,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.running import check
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

WHERE = Property("browser", Origin.CONTEXT)
VALUE = Property("valor")
PLAIN = Series(scope=scope_of(timedelta(days=5)))
HOUR = 3_600 * SECOND
END_OF_SUMMER_TIME = Scope(start=datetime(2018, 2, 16, 2, tzinfo=UTC), end=datetime(2018, 2, 20, 3, tzinfo=UTC))
BEGIN_OF_SUMMER_TIME = Scope(start=datetime(2018, 11, 3, 3, tzinfo=UTC), end=datetime(2018, 11, 7, 2, tzinfo=UTC))
VARIANTS = {
    "events by hour": replace(PLAIN, unit=Unit.HOUR),
    "events of one kind, compared": replace(
        PLAIN, selection=Selection("A"), scope=replace(PLAIN.scope, tenant="acme", compare=True)
    ),
    "actors by day": replace(PLAIN, measure=Measure.ACTORS),
    "actors by week": replace(PLAIN, measure=Measure.ACTORS, unit=Unit.WEEK, scope=scope_of(timedelta(days=15))),
    "events by month": replace(PLAIN, unit=Unit.MONTH, scope=scope_of(timedelta(days=45))),
    "sums, filtered": replace(
        PLAIN,
        measure=Measure.SUM,
        property=VALUE,
        scope=replace(PLAIN.scope, filters=(Filter(VALUE, Operator.MORE, ("-1.5",)),)),
    ),
    "sums by value": replace(PLAIN, measure=Measure.SUM, property=VALUE, breakdown=Breakdown(Property("Tipo"), 4)),
    "actors by browser": replace(PLAIN, measure=Measure.ACTORS, breakdown=Breakdown(WHERE, 2), unit=Unit.HOUR),
    "events by value, filtered": replace(
        PLAIN,
        breakdown=Breakdown(Property("Tipo"), 50),
        selection=Selection("B", (Filter(VALUE, Operator.CONTAINS, ("5", "💳")),)),
    ),
    "a longer day": replace(PLAIN, scope=END_OF_SUMMER_TIME, unit=Unit.HOUR),
    "a shorter day": replace(PLAIN, scope=BEGIN_OF_SUMMER_TIME, measure=Measure.ACTORS),
    "a longer day, filtered": replace(
        PLAIN, scope=replace(END_OF_SUMMER_TIME, filters=(Filter(WHERE, Operator.PRESENT),)), unit=Unit.HOUR
    ),
    "half an hour of summer time": replace(
        PLAIN,
        scope=replace(BEGIN_OF_SUMMER_TIME, time_zone="Australia/Lord_Howe", start=datetime(2018, 10, 6, tzinfo=UTC)),
    ),
}


def moved(events: Sequence[Happened], scope: Scope) -> list[Happened]:
    """Events as they are to `START`, to the start of a period."""
    by = int(scope.start.timestamp()) * SECOND - START_US
    return [replace(event, time=event.time + by) for event in events]


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=8 * DAY, step=HOUR // 2))
@settings(max_examples=3)
def test_both_engines_agree(asked: Series, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every point, total and group is the same, and groups add up."""
    result = ask_both(asked, moved(events, asked.scope), chdb_events, START_US + 3 * DAY)
    if asked.breakdown is not None and asked.measure is not Measure.ACTORS:
        assert sum(group.total for group in result.groups) == result.total


@pytest.mark.parametrize("scope", [END_OF_SUMMER_TIME, BEGIN_OF_SUMMER_TIME], ids=["25 hours", "23 hours"])
@pytest.mark.parametrize("unit", [Unit.HOUR, Unit.DAY])
@given(events=streams(span=6 * DAY, step=HOUR // 2))
@settings(max_examples=5)
def test_definition(scope: Scope, unit: Unit, events: list[Happened]) -> None:
    """Events and actors of each local hour or date are what a plain recount finds."""
    events = moved(events, scope)
    zone = ZoneInfo(scope.time_zone)
    counts, actors = defaultdict[str, int](int), defaultdict[str, set[int]](set)
    for event in events:
        at = datetime.fromtimestamp(event.time // SECOND, UTC)
        if scope.start <= at < scope.end:
            local = at.astimezone(zone)
            label = (
                local.replace(minute=0).isoformat(timespec="minutes") if unit is Unit.HOUR else local.date().isoformat()
            )
            counts[label] += 1
            actors[label] |= {event.actor} - {0}
    for measure, expected in (
        (Measure.COUNT, counts),
        (Measure.ACTORS, {label: len(each) for label, each in actors.items()}),
    ):
        points = ask(Series(scope=scope, unit=unit, measure=measure), events).points
        assert {point.label: point.value for point in points if point.value} == {k: v for k, v in expected.items() if v}


def test_days_and_hours_where_clocks_change() -> None:
    """The repeated hour is there twice, told apart by its offset; the day without midnight begins at one."""
    hours = [point.label for point in ask(Series(scope=END_OF_SUMMER_TIME, unit=Unit.HOUR), []).points]
    assert len(hours) == 24 + 25 + 24 + 24
    assert [label for label in hours if label.startswith("2018-02-17T23")] == [
        "2018-02-17T23:00-02:00",
        "2018-02-17T23:00-03:00",
    ]
    hours = [point.label for point in ask(Series(scope=BEGIN_OF_SUMMER_TIME, unit=Unit.HOUR), []).points]
    assert next(label for label in hours if label.startswith("2018-11-04")) == "2018-11-04T01:00-02:00"
    days = ask(Series(scope=BEGIN_OF_SUMMER_TIME), []).points
    assert [day.label for day in days] == ["2018-11-03", "2018-11-04", "2018-11-05", "2018-11-06"]
    assert not any(day.incomplete for day in days)


def test_sums_are_exact() -> None:
    """Decimals are added up as such, whatever kind of value they came as; what is no number is nothing."""
    values: list[str | int | float | bool] = [
        "0.1",
        "0.2",
        "1e3",
        "NaN",
        "99999999999999999999.999999999",
        5,
        0.7,
        True,
        "",
    ]
    events = [Happened(1, START_US, "A", {"valor": value}) for value in values]
    asked = Series(scope=scope_of(timedelta(days=1)), measure=Measure.SUM, property=VALUE)
    assert ask(asked, events).total == Decimal("100000000000000000005.299999999")


def test_incomplete_buckets() -> None:
    """What the watermark or the period cuts is marked."""
    asked = Series(scope=scope_of(timedelta(days=3, hours=6)))
    marks = [point.incomplete for point in ask(asked, [], START_US + 2 * DAY + HOUR).points]
    assert marks == [False, False, True, True]


def test_groups() -> None:
    """Those with most events stay apart; others are counted as one, each actor once."""
    names = [("x", 1), ("x", 1), ("x", 2), ("y", 1), ("y", 1), ("z", 1), ("w", 1)]
    events = [Happened(actor, START_US, "A", {"p": value}) for value, actor in names]
    asked = Series(scope=scope_of(timedelta(days=1)), measure=Measure.ACTORS, breakdown=Breakdown(Property("p"), 2))
    result = ask(asked, events)
    assert [(group.group, group.total) for group in result.groups] == [
        (Group("x"), 2),
        (Group("y"), 1),
        (Group(None, others=True), 1),
    ]
    assert (result.values, result.total) == (4, 2)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown event": ({"selection": Selection("Z")}, "selection.event"),
    "a sum of nothing": ({"measure": Measure.SUM}, "property"),
    "a property of a count": ({"property": VALUE}, "property"),
    "hours of a year": ({"unit": Unit.HOUR, "scope": scope_of(timedelta(days=300))}, "unit"),
    "an unknown place": ({"breakdown": Breakdown(Property("cpu", Origin.CONTEXT))}, "breakdown.property"),
    "no groups": ({"breakdown": Breakdown(WHERE, 0)}, "breakdown.limit"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(changes: dict[str, Any], field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(replace(PLAIN, **changes), Known(events={"A"}))
    assert [violation.field for violation in caught.value.violations] == [field]
