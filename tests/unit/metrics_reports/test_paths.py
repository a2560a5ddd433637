"""Paths: both engines and a plain recount give one answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import Filter, Known, Operator, Origin, Property, Selection
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.paths.results import PathLink, PathNode, PathsResult
from services.metrics.analytics.reports.running import check
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
SHORT = scope_of(timedelta(seconds=10))
AFTER = Paths(scope=SHORT, anchor=Selection("B"), gap=timedelta(seconds=2), limit=3)
VARIANTS = {
    "after": AFTER,
    "before, each time": replace(AFTER, direction=Direction.BEFORE, counted=Counted.OCCURRENCES, depth=5),
    "repeats are one": replace(AFTER, collapse=True, counted=Counted.OCCURRENCES, depth=2),
    "some are left out": replace(
        AFTER, excluded=("A", "X"), collapse=True, scope=replace(SHORT, tenant="acme", compare=True), limit=1
    ),
    "of some events": replace(
        AFTER, anchor=Selection("B", (FIREFOX,)), counted=Counted.OCCURRENCES, collapse=True, depth=4
    ),
    "before, of some, by actor": replace(
        AFTER, anchor=Selection("C", (FIREFOX,)), direction=Direction.BEFORE, excluded=("D",)
    ),
    "among some events": replace(AFTER, scope=replace(SHORT, filters=(FIREFOX,)), gap=timedelta(seconds=5)),
}


def paths_of(asked: Paths, events: Sequence[Happened]) -> list[list[str]]:
    """The names of each path's steps, one after the other."""
    found = []
    for actor in {event.actor for event in events} - {0}:
        rows = [
            (event.time, event.name, event.name == asked.anchor.event and fulfils(event, asked.anchor.filters))
            for event in events
            if event.actor == actor
            and START_US <= event.time < START_US + 10 * SECOND
            and event.name not in asked.excluded
            and asked.scope.tenant in (None, event.tenant)
            and fulfils(event, asked.scope.filters)
        ]
        sessions: list[list[tuple[int, str, bool]]] = []
        for row in sorted(rows):
            if sessions and row[0] - sessions[-1][-1][0] <= asked.gap // timedelta(microseconds=1):
                sessions[-1].append(row)
            else:
                sessions.append([row])
        of_actor = []
        for session in sessions:
            kept = [
                row[1:]
                for at, row in enumerate(session)
                if not (asked.collapse and at and session[at - 1][1:] == row[1:])
            ]
            for at, (_, is_anchor) in enumerate(kept):
                if is_anchor:
                    way = kept[at + 1 :] if asked.direction is Direction.AFTER else kept[:at][::-1]
                    of_actor.append([name for name, _ in way[: asked.depth]])
        found += of_actor[:1] if asked.counted is Counted.ACTORS else of_actor
    return found


def fulfils(event: Happened, filters: Sequence[Filter]) -> bool:
    """Whether an event is of the browsers that are asked for."""
    return all(event.context.get("browser") in each.values for each in filters)


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams())
@settings(max_examples=4)
def test_definition(asked: Paths, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Both engines count what a plain recount finds at each step, and links add up to nodes."""
    result: PathsResult = ask_both(asked, events, chdb_events)
    expected = paths_of(asked, events)
    assert result.paths == len(expected)
    for step in result.steps:
        names = Counter(path[step.step - 1] for path in expected if len(path) >= step.step)
        assert {node.event.value: node.count for node in step.nodes if not node.event.others} == dict(
            sorted(names.items(), key=lambda each: (-each[1], each[0]))[: asked.limit]
        )
        assert sum(node.count for node in step.nodes) == names.total()
        assert step.ended == sum(len(path) == step.step - 1 for path in expected)
        assert step.events == len(names)
        for node in step.nodes:
            links = [link for link in result.links if link.step == step.step and link.target == node.event]
            assert sum(link.count for link in links) == node.count


def test_paths() -> None:
    """A path goes on through anchors, and ends with its session; others are one group."""
    events = [Happened(1, START_US + second * SECOND, name) for second, name in enumerate("BACBDD")]
    events += [Happened(2, START_US, "B"), Happened(2, START_US + SECOND, "A"), Happened(2, START_US + 4 * SECOND, "C")]
    events += [Happened(3, START_US, "B"), Happened(3, START_US + SECOND, "D")]
    result = ask(replace(AFTER, depth=2, limit=1), events)
    first, second = result.steps
    others = Group(None, others=True)
    assert result.paths == 3
    assert first.nodes == (PathNode(Group("A"), 2, 2 / 3), PathNode(others, 1, 1 / 3))
    assert (second.nodes, second.ended, second.events) == ((PathNode(Group("C"), 1, 1 / 3),), 2, 1)
    assert result.links == (
        PathLink(1, None, Group("A"), 2),
        PathLink(1, None, others, 1),
        PathLink(2, Group("A"), Group("C"), 1),
    )
    each = ask(replace(AFTER, counted=Counted.OCCURRENCES, collapse=True, depth=1), events)
    assert [(node.event.value, node.count) for node in each.steps[0].nodes] == [("A", 2), ("D", 2)]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "too deep": ({"depth": 6}, "depth"),
    "no anchor": ({"anchor": Selection(None)}, "anchor.event"),
    "no gap": ({"gap": timedelta(0)}, "gap"),
    "without the anchor": ({"excluded": ("A", "B")}, "excluded[1]"),
    "without what is not": ({"excluded": ("Z",)}, "excluded[0]"),
    "no events": ({"limit": 0}, "limit"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(changes: dict[str, Any], field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(replace(AFTER, **changes), Known(events={"A", "B"}))
    assert [violation.field for violation in caught.value.violations] == [field]
