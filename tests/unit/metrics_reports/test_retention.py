"""Retention: both engines and a plain recount give one answer; cohorts, offsets and what is not over yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

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
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.running import check
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

WHERE = Property("browser", Origin.CONTEXT)
NOT_PIX = Filter(Property("Tipo"), Operator.IS_NOT, ("pix", "7"))
PLAIN = Retention(scope=scope_of(timedelta(days=5)), offsets=4)
VARIANTS = {
    "any event": PLAIN,
    "two events, compared": replace(
        PLAIN, start=Selection("A"), back=Selection("B"), scope=replace(PLAIN.scope, tenant="acme", compare=True)
    ),
    "recurring": replace(PLAIN, cohort=CohortKind.RECURRING, start=Selection("A")),
    "recurring, on or after, with the start": replace(
        PLAIN, cohort=CohortKind.RECURRING, returning=Returning.ON_OR_AFTER, include_start=True
    ),
    "first ever": replace(PLAIN, cohort=CohortKind.FIRST_EVER, start=Selection("A", (NOT_PIX,))),
    "first ever, of all, filtered": replace(
        PLAIN, cohort=CohortKind.FIRST_EVER, scope=replace(PLAIN.scope, filters=(NOT_PIX,))
    ),
    "on or after": replace(PLAIN, returning=Returning.ON_OR_AFTER, back=Selection("B")),
    "rolling": replace(PLAIN, returning=Returning.ROLLING, start=Selection("A")),
    "weeks, rolling, with the start": replace(
        PLAIN, returning=Returning.ROLLING, unit=Unit.WEEK, include_start=True, offsets=1
    ),
    "weeks": replace(PLAIN, unit=Unit.WEEK, offsets=2),
    "months, recurring": replace(
        PLAIN, unit=Unit.MONTH, offsets=1, cohort=CohortKind.RECURRING, scope=scope_of(timedelta(days=40))
    ),
    "breakdown": replace(PLAIN, breakdown=Breakdown(Property("Tipo"), 3), start=Selection("A")),
    "breakdown, recurring": replace(
        PLAIN, breakdown=Breakdown(WHERE, 2), cohort=CohortKind.RECURRING, back=Selection("C", (NOT_PIX,))
    ),
}
HOUR = 3_600 * SECOND


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=10 * DAY, step=6 * HOUR))
@settings(max_examples=3)
def test_both_engines_agree(asked: Retention, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every cohort, cell, share and group is the same."""
    ask_both(asked, events, chdb_events, START_US + 6 * DAY)


def plain_triangle(asked: Retention, events: Sequence[Happened]) -> list[tuple[int, list[int]]]:
    """The first start event of each actor, and the local dates of their other events."""
    zone = ZoneInfo(asked.scope.time_zone)

    def day_of(event: Happened) -> date:
        return datetime.fromtimestamp(event.time // SECOND, UTC).astimezone(zone).date()

    first_day = asked.scope.start.astimezone(zone).date()
    days = (asked.scope.end.astimezone(zone).date() - first_day).days
    triangle: list[tuple[int, list[int]]] = [(0, [0] * (asked.offsets + 1)) for _ in range(days)]
    for actor in {event.actor for event in events if event.actor}:
        own = sorted((event for event in events if event.actor == actor), key=lambda event: event.time)
        starts = [event for event in own if event.name == asked.start.event]
        if not starts or not 0 <= (day_of(starts[0]) - first_day).days < days:
            continue
        at = (day_of(starts[0]) - first_day).days
        others = [event for event in own if event is not starts[0] and event.name == asked.back.event]
        offsets = {(day_of(event) - day_of(starts[0])).days for event in others}
        actors, cells = triangle[at]
        triangle[at] = actors + 1, [count + (offset in offsets) for offset, count in enumerate(cells)]
    return triangle


@pytest.mark.parametrize(("start", "back"), ["AA", "AB"])
@pytest.mark.parametrize("first", [datetime(2018, 2, 15, 2, tzinfo=UTC), datetime(2018, 11, 2, 3, tzinfo=UTC)])
@given(events=streams(span=8 * DAY, step=3 * HOUR))
@settings(max_examples=10)
def test_definition(start: str, back: str, first: datetime, events: list[Happened]) -> None:
    """The triangle is what a plain recount gives, over days of 25 and 23 hours."""
    end = datetime(first.year, first.month, first.day + 5, first.hour + (1 if first.month == 2 else -1), tzinfo=UTC)
    asked = Retention(scope=Scope(start=first, end=end), start=Selection(start), back=Selection(back), offsets=3)
    moved = int(first.timestamp()) * SECOND - START_US
    events = [replace(event, time=event.time + moved) for event in events]
    result = ask(asked, events)
    assert [(each.actors, [cell.returned for cell in each.cells]) for each in result.cohorts] == plain_triangle(
        asked, events
    )


def on(day: int, name: str = "A", *, actor: int = 1, hour: int = 12) -> Happened:
    return Happened(actor, START_US + day * DAY + hour * HOUR, name)


@pytest.mark.parametrize(
    ("days", "expected"),
    [((0, 7), [1, 0, 1]), ((1,), [0, 0, 0]), ((0,), [1, 0, 0]), ((0, 1, 7), [1, 1, 1])],
    ids=["came on days 0 and 7", "came on day 1 only", "came on day 0 only", "came on all"],
)
def test_later_conditions_need_the_first(days: Sequence[int], expected: list[int], chdb_events: ChdbEvents) -> None:
    """Who was not in the cohort is not retained; ClickHouse's `retention` says the same."""
    flags = ", ".join(f"has({list(days)}, {day})" for day in (0, 1, 7))
    assert chdb_events.query(f"SELECT retention({flags})") == [[expected]]
    asked = Retention(scope=scope_of(timedelta(days=1)), cohort=CohortKind.RECURRING, offsets=7, include_start=True)
    shares = ask(asked, [on(day) for day in days]).shares
    assert [shares[offset].returned for offset in (0, 1, 7)] == expected


WAYS = {
    "the start event is no return": ({}, [0, 0, 1, 0]),
    "unless it is to be one": ({"include_start": True}, [1, 0, 1, 0]),
    "until a day and after": ({"returning": Returning.ON_OR_AFTER}, [1, 1, 1, 0]),
    "by 24 hours": ({"returning": Returning.ROLLING}, [0, 1, 0, 0]),
}


@pytest.mark.parametrize(("changes", "cells"), WAYS.values(), ids=list(WAYS))
def test_ways_of_returning(changes: dict[str, Any], cells: list[int]) -> None:
    """Somebody who starts late on one day and is back early on the second after, 30 hours later."""
    asked = replace(Retention(scope=scope_of(timedelta(days=1)), offsets=3), **changes)
    [cohort] = ask(asked, [on(0, hour=23), on(2, hour=5)]).cohorts
    assert [cell.returned for cell in cohort.cells] == cells


def test_kinds_of_cohorts() -> None:
    """First means of all history; first ever means that nothing filtered came before."""
    pix, card = {"tipo": "pix"}, {"tipo": "card"}
    events = [
        replace(on(-3, actor=1), properties=pix),
        replace(on(0, actor=1), properties=pix),
        replace(on(-3, actor=2), properties=card),
        replace(on(0, actor=2), properties=pix),
        replace(on(0, actor=3), properties=pix),
    ]
    start = Selection("A", (Filter(Property("tipo"), Operator.IS, ("pix",)),))
    sizes = {
        kind: ask(Retention(scope=scope_of(), start=start, cohort=kind), events).cohorts[0].actors
        for kind in CohortKind
    }
    assert sizes == {CohortKind.RECURRING: 3, CohortKind.FIRST_TIME: 2, CohortKind.FIRST_EVER: 1}


def test_what_is_not_over_is_marked() -> None:
    """Cells that go on are incomplete, those ahead are empty, and shares leave both out."""
    asked = Retention(scope=scope_of(timedelta(days=3)), offsets=2)
    events = [on(0), on(1), on(1, actor=2), on(2), on(2, actor=2, hour=1)]
    result = ask(asked, events, START_US + 2 * DAY + 2 * HOUR)
    assert [cohort.incomplete for cohort in result.cohorts] == [False, False, True]
    assert [[(cell.returned, cell.incomplete) for cell in cohort.cells] for cohort in result.cohorts] == [
        [(0, False), (1, False), (1, True)],
        [(0, False), (1, True), (None, True)],
        [(0, True), (None, True), (None, True)],
    ]
    assert [(each.actors, each.returned, each.share) for each in result.shares] == [
        (2, 0, 0.0),
        (1, 1, 1.0),
        (0, 0, None),
    ]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown event": ({"back": Selection("Z")}, "back.event"),
    "no offsets": ({"offsets": 0}, "offsets"),
    "hours": ({"unit": Unit.HOUR}, "unit"),
    "rolling months": ({"unit": Unit.MONTH, "returning": Returning.ROLLING}, "unit"),
    "rolling, recurring": ({"cohort": CohortKind.RECURRING, "returning": Returning.ROLLING}, "returning"),
    "a million cells": ({"scope": scope_of(timedelta(days=1_000)), "offsets": 400}, "offsets"),
    "a period that ends before it begins": ({"scope": scope_of(timedelta(0))}, "scope.end"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(changes: dict[str, Any], field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(replace(PLAIN, **changes), Known(events={"A"}))
    assert [violation.field for violation in caught.value.violations] == [field]
