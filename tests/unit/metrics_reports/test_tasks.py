"""Task times and exits: both engines and a plain recount give one answer."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Durations
from services.metrics.analytics.reports.asking import Filter, Known, Operator, Origin, Property, Selection
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.reports.tasks.exits import Exits, ScreenExits
from services.metrics.analytics.reports.tasks.task_time import TaskTime
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

NOT_PIX = Filter(Property("Tipo"), Operator.IS_NOT, ("pix",))
SHORT = scope_of(timedelta(seconds=9))
TASK = TaskTime(scope=SHORT, start=Selection("A"), end=Selection("B"), within=timedelta(seconds=3))
LEAVING = Exits(scope=SHORT, view=Selection("A"), screen=Property("Tipo"))
VARIANTS: dict[str, Question] = {
    "task": TASK,
    "task of a tenant, compared, filtered": replace(
        TASK, scope=replace(SHORT, tenant="acme", compare=True), start=Selection("A", (NOT_PIX,))
    ),
    "exits": LEAVING,
    "exits by browser": replace(LEAVING, view=Selection(None), screen=Property("browser", Origin.CONTEXT), limit=2),
}


def in_sessions(events: Sequence[Happened]) -> list[Happened]:
    """Events of which two thirds name a session."""
    return [
        replace(event, context={**event.context, "session": f"s{event.actor % 11}"}) if at % 3 else event
        for at, event in enumerate(events)
    ]


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams())
@settings(max_examples=3)
def test_both_engines_agree(asked: Question, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every count and duration is the same."""
    ask_both(asked, in_sessions(events), chdb_events, START_US + 10 * SECOND)


@given(events=streams())
@settings(max_examples=10)
def test_definition_of_tasks(events: list[Happened]) -> None:
    """A plain recount of starts and what follows each."""
    marks = defaultdict[int, list[tuple[int, int]]](list)
    for event in events:
        if event.actor and event.name in "AB" and event.time >= START_US:
            marks[event.actor].append((event.time, "AB".index(event.name)))
    starts, took = 0, []
    for each in map(sorted, marks.values()):
        for at, (time, kind) in enumerate(each):
            if kind or time >= START_US + 9 * SECOND:
                continue
            starts += 1
            following = each[at + 1] if at + 1 < len(each) else (0, 0)
            if following[1] and following[0] - time <= 3 * SECOND:
                took.append(following[0] - time)
    result = ask(TASK, events)
    assert (result.started, result.completed) == (starts, len(took))
    if took:
        assert result.time.mean == pytest.approx(sum(took) / len(took) / SECOND)


def at(second: int, name: str, **properties: str) -> Happened:
    session = {"session": "s"} if properties.pop("session", "s") else {}
    return Happened(1, START_US + second * SECOND, name, properties, session)


def test_tasks() -> None:
    """A start that is repeated was abandoned; one that is too late as well; ends come after starts of their time."""
    events = [at(0, "A"), at(1, "A"), at(3, "B"), at(4, "B"), at(5, "B"), at(5, "A"), at(6, "A"), at(10, "B")]
    result = ask(TASK, events, START_US + 11 * SECOND)
    assert (result.started, result.completed, result.abandoned, result.actors) == (4, 2, 0.5, 1)
    assert result.time == Durations(2, 1.0, 1.0, 1.8)
    assert result.incomplete


def test_exits() -> None:
    """The last screen of a session is where it ended; one seen twice counts once."""
    events = [
        at(0, "A", Tipo="x"),
        at(1, "A", Tipo="y"),
        at(2, "A", Tipo="x"),
        at(3, "B", Tipo="z"),
        at(4, "A", session="", Tipo="x"),
    ]
    events.append(replace(at(1, "A", Tipo="y"), context={"session": "t"}))
    result = ask(LEAVING, events)
    assert result.screens == (ScreenExits("x", 1, 1, 1.0), ScreenExits("y", 2, 1, 0.5))[::-1]
    assert (result.sessions, result.without_session, result.count) == (2, 1, 2)


WRONG: dict[str, tuple[Question, str]] = {
    "the same event": (replace(TASK, end=Selection("A")), "end.event"),
    "no time": (replace(TASK, within=timedelta(0)), "within"),
    "no event": (replace(TASK, start=Selection(None)), "start.event"),
    "no screens": (replace(LEAVING, limit=0), "limit"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(events={"A", "B"}))
    assert [violation.field for violation in caught.value.violations] == [field]
