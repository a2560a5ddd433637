"""The use of features: both engines and a plain recount give one answer."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Durations
from services.metrics.analytics.reports.asking import Filter, Known, Operator, Origin, Property, Selection
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.running import Question, check
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
USE = FeatureUse(scope=scope_of(timedelta(days=5)), limit=3)
FIRST = FirstUse(scope=scope_of(timedelta(days=5)), features=("B", "C"))
VARIANTS: dict[str, Question] = {
    "whatever there is": USE,
    "declared ones, compared": replace(
        USE, declared=("A", "B", "Y", "Z"), scope=replace(USE.scope, tenant="acme", compare=True)
    ),
    "declared ones, of Firefox": replace(
        USE, declared=("A", "X", "Z"), scope=replace(USE.scope, filters=(FIREFOX,)), limit=1
    ),
    "first use": FIRST,
    "first use since something, of Firefox": replace(
        FIRST, since=Selection("A"), scope=replace(FIRST.scope, filters=(FIREFOX,))
    ),
    "first use of what it begins with": replace(FIRST, since=Selection("A"), features=("A", "D")),
}


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=8 * DAY, step=3_600 * SECOND))
@settings(max_examples=3)
def test_both_engines_agree(asked: Question, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every list, count and duration is the same."""
    ask_both(asked, events, chdb_events, START_US + 6 * DAY)


@given(events=streams(span=8 * DAY, step=3_600 * SECOND))
@settings(max_examples=10)
def test_definition(events: list[Happened]) -> None:
    """Users are different people, uses are events, nobody's too."""
    inside = [event for event in events if START_US <= event.time < START_US + 5 * DAY]
    uses = Counter(event.name for event in inside)
    users = Counter(name for name, _ in {(event.name, event.actor) for event in inside if event.actor})
    result = ask(replace(USE, limit=200), events)
    assert {each.event: (each.users, each.uses) for each in result.by_users} == {
        name: (users[name], count) for name, count in uses.items()
    }
    assert result.users == len({event.actor for event in inside} - {0})
    assert sorted(result.by_uses, key=lambda each: (-each.uses, -each.users, each.event)) == list(result.by_uses)


def test_many_features() -> None:
    """More features than fit into one set of bits."""
    events = [Happened(1 + number % 7, START_US, f"feature_{number}") for number in range(300)]
    result = ask(replace(USE, limit=200), [*events, *events[:5]])
    assert (result.used, result.users) == (300, 7)
    assert [(each.event, each.users, each.uses) for each in result.by_uses[:5]] == [
        (f"feature_{number}", 1, 2) for number in range(5)
    ]


def test_never_used() -> None:
    """What was used before the period was used once; what comes after it does not count."""
    events = [
        Happened(1, START_US - DAY, "old"),
        Happened(1, START_US, "new"),
        Happened(1, START_US + 9 * DAY, "later"),
    ]
    result = ask(replace(USE, declared=("old", "new", "later", "none")), events)
    assert (result.unused, result.never_used) == (("later", "none", "old"), ("later", "none"))
    assert [each.event for each in result.by_users] == ["new"]


def test_first_use() -> None:
    """Time runs from the first event of all history, to the first use since."""
    events = [
        Happened(1, START_US, "A"),
        Happened(1, START_US + 10 * SECOND, "B"),
        Happened(1, START_US + 20 * SECOND, "B"),
        Happened(2, START_US - DAY, "A"),
        Happened(2, START_US + SECOND, "B"),
        Happened(3, START_US, "B"),
        Happened(3, START_US + 5 * SECOND, "A"),
    ]
    result = ask(FirstUse(scope=scope_of(), features=("B",), since=Selection("A")), events)
    [feature] = result.features
    assert (result.actors, feature.users, feature.share, feature.time) == (2, 1, 0.5, Durations(1, 10.0, 10.0, 10.0))


WRONG: dict[str, tuple[Question, str]] = {
    "a name twice": (replace(USE, declared=("A", "A")), "declared"),
    "no list": (replace(USE, limit=0), "limit"),
    "no features": (replace(FIRST, features=()), "features"),
    "unknown event": (replace(FIRST, features=("B", "Z")), "features[1]"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(events={"A", "B"}))
    assert [violation.field for violation in caught.value.violations] == [field]
