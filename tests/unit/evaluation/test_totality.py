"""Evaluation answers whatever it is asked, and the same each time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante import evaluation
from mirante.evaluation import (
    Evaluation,
    EvaluationError,
    Flag,
    FlagType,
    Reason,
    Ruleset,
    Segment,
    validate_flag,
    validate_references,
    validate_segment,
)

from tests.unit.evaluation.definitions import NOW, STAMP, flag, rollout, ruleset
from tests.unit.evaluation.hostile_values import HOSTILE, HOSTILE_CONTEXTS, RaisingText
from tests.unit.evaluation.strategies import ATTRIBUTES, NAMES, SETTINGS, VARIANTS, definitions, sendable_contexts

Definitions = tuple[Flag, Flag, Segment, Segment]

# Drawn by number: they do not even bear to be looked at.
hostile_values = st.integers(0, len(HOSTILE) - 1).map(HOSTILE.__getitem__)
odd_contexts = st.integers(0, len(HOSTILE_CONTEXTS) - 1).map(HOSTILE_CONTEXTS.__getitem__)
hostile_contexts = st.dictionaries(st.sampled_from(NAMES), hostile_values, min_size=1, max_size=3) | odd_contexts
contexts = sendable_contexts | hostile_contexts
times = st.sampled_from([NOW, NOW - 1, 0.0]) | st.floats()


def whole(found: Evaluation, rules: Ruleset) -> None:
    """Assert that an answer holds together."""
    assert found.stamp is rules.stamp
    if found.error is not None:
        assert (found.reason, found.value, found.variant, found.rule_id) == (Reason.ERROR, None, "", "")
        assert found.error_message
        return
    assert found.reason is not Reason.ERROR
    assert found.value == VARIANTS[found.variant]
    assert bool(found.rule_id) == (found.reason is Reason.RULE) or found.reason is Reason.SPLIT


@SETTINGS
@given(drawn=definitions)
def test_drawn_definitions_are_sound(drawn: Definitions) -> None:
    """What the properties are asked of passes validation, and compiles."""
    flags, segments = drawn[:2], drawn[2:]
    found = [violation for each in flags for violation in validate_flag(each)]
    found += [violation for segment in segments for violation in validate_segment(segment)]
    found += validate_references({each.key: each for each in flags}, {each.key: each for each in segments})
    assert found == []
    assert dict(ruleset(*drawn).broken) == {}


@SETTINGS
@given(drawn=definitions, context=contexts, now=times, asked=st.none() | st.sampled_from(FlagType))
def test_answers_whatever_it_is_asked(drawn: Definitions, context: Any, now: float, asked: FlagType | None) -> None:
    """No context and no time makes the evaluation of a sound flag raise."""
    rules = ruleset(*drawn)
    for key in ("flag", "parent", "missing"):
        whole(evaluation.evaluate(rules, key, context, now, asked), rules)


@SETTINGS
@given(drawn=definitions, context=sendable_contexts, now=times)
def test_same_question_same_answer(drawn: Definitions, context: Any, now: float) -> None:
    """The answer depends on the arguments alone: not on the objects asked, nor on the order of attributes."""
    rules, others = ruleset(*drawn), ruleset(*drawn)
    first = evaluation.evaluate(rules, "flag", context, now)
    assert evaluation.evaluate(rules, "flag", context, now) == first
    turned = dict(reversed(list(context.items())))
    assert evaluation.evaluate(others, "flag", turned, now) == first
    assert evaluation.evaluate(rules.replaced(stamp=STAMP, flags=[drawn[1]]), "flag", context, now) == first


@SETTINGS
@given(drawn=definitions, context=sendable_contexts, now=times)
def test_flags_can_never_fail_on_a_context_that_identifies(drawn: Definitions, context: Any, now: float) -> None:
    """With something to hash, whatever else a message brings, a sound flag is always answered."""
    whole_context = {**context, "targeting_key": "ana", "tenant_id": 7, "m": {"x": "acme"}}
    assert evaluation.evaluate(ruleset(*drawn), "flag", whole_context, now).error is None


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_each_hostile_value_in_each_place(number: int) -> None:
    """Every attribute that a flag may look at, with every value that one would rather not meet."""
    value = HOSTILE[number]
    drawn = flag(fallthrough=rollout({"on": 50_000, "off": 50_000}, coverage=50_000))
    rules = ruleset(drawn)
    for name in {attribute.strip("/").split("/")[0] for attribute in ATTRIBUTES}:
        found = evaluation.evaluate(rules, "flag", {name: value}, NOW)
        assert found.stamp is STAMP
        assert (found.error is None) == (found.reason is not Reason.ERROR)


@pytest.mark.parametrize(
    "key", [None, 1, ["flag"], {}, b"flag", "", "\ud800", "x" * 9_999], ids=lambda key: ascii(key)[:9]
)
def test_odd_flag_keys(key: Any) -> None:
    """Whatever is no key of a flag is not found."""
    found = evaluation.evaluate(ruleset(flag()), key, {}, NOW)
    assert (found.error, found.flag_key) == (EvaluationError.FLAG_NOT_FOUND, key)


def test_flag_key_that_raises() -> None:
    """A key that cannot be looked up is an answer too."""
    found = evaluation.evaluate(ruleset(flag()), RaisingText("flag"), {}, NOW)
    assert (found.reason, found.error) == (Reason.ERROR, EvaluationError.INVALID_CONTEXT)


def test_attributes_stay_out_of_messages() -> None:
    """The text of an unexpected error may hold somebody's data, so only its type is told."""

    class Leaky(str):
        __slots__ = ()

        def __add__(self, other: object) -> Any:
            raise ValueError("cpf 123.456.789-00")

        def __radd__(self, other: object) -> Any:
            raise ValueError("cpf 123.456.789-00")

    context = {"targeting_key": Leaky("ana")}
    found = evaluation.evaluate(ruleset(flag(fallthrough=rollout({"on": 100_000}))), "flag", context, NOW)
    assert (found.error, found.error_message) == (
        EvaluationError.INVALID_CONTEXT,
        "context: an attribute could not be read (ValueError)",
    )
