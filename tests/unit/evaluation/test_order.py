"""The order in which a flag decides: kill, on, times, prerequisites, targets, rules, fallthrough."""

from typing import Any

import pytest
from mirante.evaluation import Flag, FlagType, Reason
from mirante.evaluation.model import JsonValue, Operator

from tests.unit.evaluation.definitions import (
    NOW,
    answer,
    colour_flag,
    condition,
    flag,
    needs,
    rollout,
    rule,
    target,
)

EVERYTHING: dict[str, Any] = {
    "starts_at": NOW + 1,
    "prerequisites": (needs("off-parent"),),
    "targets": (target("red", "ana"),),
    "rules": (rule("green", condition("plano", Operator.IN, "premium")),),
    "fallthrough": "blue",
}
CONTEXT = {"targeting_key": "ana", "plano": "premium"}
OFF_PARENT = flag("off-parent", on=False)


@pytest.mark.parametrize(
    ("lifted", "variant", "reason"),
    [
        ({}, "none", Reason.KILLED),
        ({"killed": False}, "none", Reason.OFF),
        ({"killed": False, "on": True}, "none", Reason.SCHEDULE),
        ({"killed": False, "on": True, "starts_at": None}, "none", Reason.PREREQUISITE_FAILED),
        ({"killed": False, "on": True, "starts_at": None, "prerequisites": ()}, "red", Reason.TARGET),
        ({"killed": False, "on": True, "starts_at": None, "prerequisites": (), "targets": ()}, "green", Reason.RULE),
        (
            {"killed": False, "on": True, "starts_at": None, "prerequisites": (), "targets": (), "rules": ()},
            "blue",
            Reason.STATIC,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_each_step_wins_over_those_after_it(lifted: dict[str, Any], variant: str, reason: Reason) -> None:
    """With one step after another lifted, the next one decides."""
    tested = colour_flag(**(EVERYTHING | {"killed": True, "on": False} | lifted))
    evaluated = answer(tested, OFF_PARENT, context=CONTEXT)
    assert (evaluated.variant, evaluated.reason) == (variant, reason)


def test_kill_wins_over_everything() -> None:
    """A killed flag serves its off variant although everything else would serve another one."""
    for fields in (
        {"targets": (target("red", "ana"),)},
        {"fallthrough": "red"},
        {"fallthrough": rollout({"red": 100_000})},
        {"rules": (rule("red", condition("plano", Operator.EXISTS)),)},
        {"starts_at": NOW - 1, "ends_at": NOW + 1, "fallthrough": "red"},
    ):
        tested: dict[str, Any] = fields
        assert answer(colour_flag(**tested), context=CONTEXT).variant == "red"
        killed = answer(colour_flag(killed=True, **tested), context=CONTEXT)
        assert (killed.variant, killed.value, killed.reason) == ("none", "", Reason.KILLED)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "now", "reason"),
    [
        (NOW, None, NOW - 0.001, Reason.SCHEDULE),
        (NOW, None, NOW, Reason.FALLTHROUGH),
        (NOW, None, NOW + 1e9, Reason.FALLTHROUGH),
        (None, NOW, NOW - 0.001, Reason.FALLTHROUGH),
        (None, NOW, NOW, Reason.SCHEDULE),
        (None, NOW, NOW + 1, Reason.SCHEDULE),
        (NOW, NOW + 10, NOW - 1, Reason.SCHEDULE),
        (NOW, NOW + 10, NOW, Reason.FALLTHROUGH),
        (NOW, NOW + 10, NOW + 9.999, Reason.FALLTHROUGH),
        (NOW, NOW + 10, NOW + 10, Reason.SCHEDULE),
        (0.0, None, -1.0, Reason.SCHEDULE),
        (0.0, None, 0.0, Reason.FALLTHROUGH),
        (None, 0.0, 0.0, Reason.SCHEDULE),
        (None, None, NOW, Reason.STATIC),
    ],
)
def test_times_at_their_boundaries(starts_at: float | None, ends_at: float | None, now: float, reason: Reason) -> None:
    """From the start on, and until just before the end; the same compiled flag flips without a message."""
    tested = flag(starts_at=starts_at, ends_at=ends_at)
    evaluated = answer(tested, now=now)
    expected = "off" if reason is Reason.SCHEDULE else "on"
    assert (evaluated.variant, evaluated.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("flag_type", "value", "off"),
    [
        (FlagType.BOOL, True, False),
        (FlagType.STRING, "a", ""),
        (FlagType.INTEGER, 2**63 - 1, -(2**63)),
        (FlagType.DOUBLE, 0.1, -0.0),
        (FlagType.JSON, {"a": [1, 2.5, None, "x"]}, []),
    ],
)
def test_answer_carries_everything(flag_type: FlagType, value: JsonValue, off: JsonValue) -> None:
    """Value, variant, reason, rule, version and revision are those of the flag and the ruleset."""
    tested = Flag(
        "k", flag_type, {"v": value, "o": off}, "o", "o", flag().bucketing, version=12,
        rules=(rule("v", condition("a", Operator.IN, 1), rule_id="regra-1"),),
    )  # fmt: skip
    evaluated = answer(tested, context={"a": 1})
    assert evaluated.value == value
    assert type(evaluated.value) is type(value)
    assert (evaluated.flag_key, evaluated.variant, evaluated.reason, evaluated.rule_id) == (
        "k",
        "v",
        Reason.RULE,
        "regra-1",
    )
    assert (evaluated.flag_version, evaluated.revision, evaluated.stale, evaluated.error) == (12, 7, False, None)
    assert answer(tested).value == off


def test_first_rule_that_matches_wins() -> None:
    """Rules are asked in their order, and the answer names the one that decided."""
    tested = colour_flag(
        rules=(
            rule("red", condition("a", Operator.GREATER, 10), rule_id="first"),
            rule("green", condition("a", Operator.GREATER, 5), rule_id="second"),
            rule("blue", condition("a", Operator.GREATER, 0), rule_id="third"),
        )
    )
    found = [
        (answer(tested, context={"a": a}).variant, answer(tested, context={"a": a}).rule_id) for a in (11, 6, 1, 0)
    ]
    assert found == [("red", "first"), ("green", "second"), ("blue", "third"), ("none", "")]
