"""A context answers the same before and after a message has carried it."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from mirante import evaluation
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation import Context, Flag, Segment
from mirante.evaluation.model import Bucketing, Condition, Operator
from mirante.wire import context_from_proto, context_to_proto

from tests.unit.evaluation.definitions import (
    NOW,
    answer,
    condition,
    flag,
    in_segment,
    matches,
    members,
    rollout,
    rule,
    ruleset,
    target,
)
from tests.unit.evaluation.strategies import SETTINGS, definitions, sendable_contexts

Definitions = tuple[Flag, Flag, Segment, Segment]


def carried(context: Context) -> Context:
    """The context as the other end of a connection reads it."""
    return context_from_proto(
        evaluation_pb2.EvaluationContext.FromString(context_to_proto(context).SerializeToString())
    )


@SETTINGS
@given(drawn=definitions, context=sendable_contexts)
def test_same_answer_on_the_other_side(drawn: Definitions, context: dict[str, Any]) -> None:
    """Every type of attribute, datetimes, tuples and sets among them."""
    rules = ruleset(*drawn)
    for key in ("flag", "parent"):
        here = evaluation.evaluate(rules, key, context, NOW)
        assert evaluation.evaluate(rules, key, carried(context), NOW) == here


@SETTINGS
@given(context=sendable_contexts)
def test_carried_twice_is_carried_once(context: dict[str, Any]) -> None:
    """What a message has carried is carried on unchanged."""
    once = context_to_proto(carried(context))
    assert context_to_proto(carried(carried(context))) == once or "nan" in str(once)


@pytest.mark.parametrize("key", ["ana", "", 42, 42.0, 1.5, True, None, ["ana"]], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_targeting_keys(key: Any, negate: bool) -> None:
    """Of any type, and empty or absent: what a flag makes of the targeting key does not depend on the way."""
    context: Context = {"targeting_key": key}
    for tested in (condition("targeting_key", Operator.IN, "ana", "", 42), condition("targeting_key", Operator.EXISTS)):
        turned = condition(tested.attribute, tested.operator, *tested.values, negate=negate)
        assert matches(turned, carried(context)) is matches(turned, context)
    drawn = flag(fallthrough=rollout({"on": 50_000, "off": 50_000}))
    assert answer(drawn, context=carried(context)) == answer(drawn, context=context)


DATED = [
    condition("a", Operator.IN, "2026-01-01T00:00:00+00:00"),
    condition("a", Operator.IN, "2026-01-01T00:00:00+00:00", negate=True),
    condition("a", Operator.IN, "ana", 1, negate=True),
    condition("a", Operator.STARTS_WITH, "2026-01-01t", ignore_case=True),
    condition("a", Operator.CONTAINS, "T00:00", negate=True),
    condition("a", Operator.MATCHES, "[0-9]{4}"),
    condition("a", Operator.AFTER, "2025-01-01"),
    condition("a", Operator.EXISTS),
    condition("l", Operator.ARRAY_ANY, "2026-01-01T00:00:00+00:00"),
    condition("/m/x", Operator.ENDS_WITH, "+00:00"),
]


@pytest.mark.parametrize("tested", DATED, ids=lambda tested: tested.operator.name)
def test_datetimes_under_every_kind_of_operator(tested: Condition) -> None:
    """A datetime travels as a string, so it has to be compared as one before it travels too."""
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    context: Context = {"a": moment, "l": [moment], "m": {"x": moment}}
    expected = tested.operator is not Operator.CONTAINS and (not tested.negate or "ana" in tested.values)
    assert (matches(tested, context), matches(tested, carried(context))) == (expected, expected)


def test_datetimes_as_identity() -> None:
    """In targets, segments and percentages too."""
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    context, text = {"targeting_key": moment}, moment.isoformat()
    for tested in (
        flag(fallthrough="off", targets=(target("on", text),)),
        flag(fallthrough="off", rules=(rule("on", in_segment("s")),)),
        flag(fallthrough=rollout({"on": 100_000}), bucketing=Bucketing("x", "y")),
    ):
        found = [answer(tested, Segment("s", (members(text),)), context=each) for each in (context, carried(context))]
        assert [each.variant for each in found] == ["on", "on"]


def test_datetime_keeps_its_instant() -> None:
    """To the microsecond, with any offset, and as UTC without one."""
    brasilia = datetime.timezone(datetime.timedelta(hours=-3))
    for moment in (
        datetime.datetime(2025, 12, 31, 21, 0, 0, 1, tzinfo=brasilia),
        datetime.datetime(2026, 1, 1, 0, 0, 0, 1),
    ):
        for wanted, expected in (("2026-01-01T00:00:00Z", True), ("2026-01-01T00:00:00.000001Z", False)):
            for context in ({"a": moment}, carried({"a": moment})):
                assert matches(condition("a", Operator.AFTER, wanted), context) is expected


@pytest.mark.parametrize(
    "context",
    [
        {"a": 2**63},
        {"a": -(2**63) - 1},
        {"a": b"x"},
        pytest.param({"a": object()}, id="object"),
        {"a": "\ud800"},
        {"\ud800": 1},
        {1: "a"},
        {"a": [{"b": 1j}]},
    ],
    ids=ascii,
)
def test_what_a_message_cannot_carry(context: Any) -> None:
    """Is refused with a ValueError, before anything is sent."""
    with pytest.raises(ValueError):  # noqa: PT011 - the messages differ, the type is the promise
        context_to_proto(context)
