"""Groups of breakdowns are what is answered of their events alone, by both engines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

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
    Selection,
)
from services.metrics.analytics.reports.features.asking import FeatureUse
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.reports.surveys.nps import Nps
from services.metrics.analytics.reports.tasks.exits import Exits
from services.metrics.analytics.reports.tasks.task_time import TaskTime
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

SCOPE = scope_of(timedelta(days=5))
BROWSER = Property("browser", Origin.CONTEXT)
PLAN = Property("Plano", Origin.TRAIT)
ANSWERS = Nps(scope=SCOPE, answer=Selection("A"), score=Property("Tipo"))
LEAVING = Exits(scope=SCOPE, view=Selection("A"), screen=Property("Tipo"), limit=3)
TASK = TaskTime(scope=SCOPE, start=Selection("A"), end=Selection("B"), within=timedelta(hours=8))
VARIANTS: dict[str, Question] = {
    "features": replace(FeatureUse(scope=SCOPE, limit=3), breakdown=Breakdown(BROWSER, 2)),
    "declared features by trait": FeatureUse(scope=SCOPE, declared=("A", "B", "Z"), breakdown=Breakdown(PLAN)),
    "exits": replace(LEAVING, breakdown=Breakdown(BROWSER, 2)),
    "exits by trait": replace(LEAVING, breakdown=Breakdown(PLAN)),
    "scores": replace(ANSWERS, breakdown=Breakdown(BROWSER, 2)),
    "scores by trait": replace(ANSWERS, breakdown=Breakdown(PLAN, 1)),
    "tasks": replace(TASK, breakdown=Breakdown(BROWSER, 2)),
    "tasks by trait": replace(TASK, breakdown=Breakdown(PLAN)),
}
# What groups have under another name than the whole.
FIELDS = {"answers": "whole"}


def in_sessions(events: Sequence[Happened]) -> list[Happened]:
    """Events in sessions of several browsers."""
    return [replace(event, context={**event.context, "session": f"s{event.actor % 11}"}) for event in events]


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=8 * DAY, step=3_600 * SECOND))
@settings(max_examples=3)
def test_groups(asked: Any, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """A group says what the report says of events with its value; of tasks, what it says of those starts."""
    events = in_sessions(events)
    told: dict[tuple[str, int, str], str | None] = {
        (event.tenant, event.actor, "Plano"): ("pro", "básico")[event.actor % 2] for event in events if event.actor % 3
    }
    result = ask_both(asked, events, chdb_events, START_US + 6 * DAY, traits=told)
    assert result.values is not None
    assert len(result.groups) <= asked.breakdown.limit + 1
    for group in result.groups:
        if group.group.others or group.group.value is None or group.group.value == "":
            continue
        only = Filter(asked.breakdown.property, Operator.IS, (group.group.value,))
        plain = replace(asked, breakdown=None)
        if isinstance(asked, TaskTime):
            starts = [
                event for event in events if event.name == "A" and value_of(event, asked, told) == group.group.value
            ]
            inside = [each for each in starts if each.actor and START_US <= each.time < START_US + 5 * DAY]
            assert group.started == len(inside)
            assert group.actors == len({each.actor for each in inside})
            continue
        alone = ask(replace(plain, scope=replace(SCOPE, filters=(only,))), events, START_US + 6 * DAY, traits=told)
        for name in group.__slots__:
            if name != "group":
                assert getattr(group, name) == getattr(alone, FIELDS.get(name, name))
    if isinstance(asked, TaskTime):
        assert sum(group.started for group in result.groups) == result.started
        assert sum(group.completed for group in result.groups) == result.completed


def value_of(event: Happened, asked: Any, told: dict[tuple[str, int, str], str | None]) -> str | None:
    """The value by which an event is grouped."""
    if asked.breakdown.property == BROWSER:
        return event.context.get("browser")
    return told.get((event.tenant, event.actor, "Plano"))


def test_tasks_of_groups() -> None:
    """A task is of the group in which it was started."""
    events = [
        Happened(1, START_US, "A", context={"browser": "Firefox"}),
        Happened(1, START_US + 2 * SECOND, "B", context={"browser": "Chrome"}),
        Happened(1, START_US + 3 * SECOND, "A", context={"browser": "Chrome"}),
        Happened(2, START_US + 3 * SECOND, "A"),
    ]
    groups = ask(VARIANTS["tasks"], events).groups
    assert [(group.group, group.started, group.completed) for group in groups] == [
        (Group(None), 1, 0),
        (Group("Chrome"), 1, 0),
        (Group(None, others=True), 1, 1),
    ]


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
def test_wrong_questions(asked: Any) -> None:
    """A breakdown of too many groups, or by what there is not, names its field."""
    wrong = replace(asked, breakdown=Breakdown(Property("Z"), 51))
    with pytest.raises(InvalidRequest) as caught:
        check(wrong, Known(properties={"Tipo", "nota"}))
    fields = {violation.field for violation in caught.value.violations}
    assert fields >= {"breakdown.property", "breakdown.limit"}
