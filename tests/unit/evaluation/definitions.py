"""Flags, segments and rulesets for the tests of the evaluation core: sound unless a test spoils them."""

from collections.abc import Mapping
from typing import Any

from mirante import evaluation
from mirante.evaluation import Context, Evaluation, Flag, FlagType, Ruleset, Segment, Stamp
from mirante.evaluation.model import (
    Bucketing,
    Condition,
    JsonValue,
    Operator,
    Prerequisite,
    Rollout,
    Rule,
    SegmentMembers,
    Split,
    Target,
)

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

STAMP = Stamp(7, "lineage")
BUCKETING = Bucketing("split-salt", "coverage-salt")
ON_OFF: Mapping[str, JsonValue] = {"on": True, "off": False}
COLOURS: Mapping[str, JsonValue] = {"red": "#f00", "green": "#0f0", "blue": "#00f", "none": ""}


def flag(key: str = "flag", **fields: Any) -> Flag:
    """Return a boolean flag that serves "on"; `fields` replace what it has."""
    defaults: dict[str, Any] = {
        "type": FlagType.BOOL,
        "variants": ON_OFF,
        "off_variant": "off",
        "fallthrough": "on",
        "bucketing": BUCKETING,
    }
    return Flag(key=key, **(defaults | fields))


def colour_flag(key: str = "flag", **fields: Any) -> Flag:
    """Return a string flag of four variants that serves "none"."""
    defaults: dict[str, Any] = {
        "type": FlagType.STRING,
        "variants": COLOURS,
        "off_variant": "none",
        "fallthrough": "none",
    }
    return flag(key, **(defaults | fields))


def condition(
    attribute: str, operator: Operator, *values: JsonValue, negate: bool = False, ignore_case: bool = False
) -> Condition:
    """Return one condition."""
    return Condition(attribute, operator, values, negate, ignore_case)


def in_segment(*keys: str, negate: bool = False) -> Condition:
    """Return a condition on segments."""
    return Condition("", Operator.IN_SEGMENT, keys, negate)


def rule(serve: str | Rollout, *conditions: Condition, rule_id: str = "rule") -> Rule:
    """Return one rule."""
    return Rule(rule_id, conditions, serve)


def target(variant: str, *values: str, attribute: str = "targeting_key") -> Target:
    """Return one target."""
    return Target(attribute, variant, values)


def needs(flag_key: str, *variants: str) -> Prerequisite:
    """Return one prerequisite; "on" unless variants are named."""
    return Prerequisite(flag_key, variants or ("on",))


def rollout(weights: Mapping[str, int], **fields: Any) -> Rollout:
    """Return the rollout with these weights, in this order."""
    return Rollout(tuple([Split(variant, weight) for variant, weight in weights.items()]), **fields)


def members(*values: str, attribute: str = "targeting_key") -> SegmentMembers:
    """Return the members listed in a segment."""
    return SegmentMembers(attribute, values)


def ruleset(*definitions: Flag | Segment, stamp: Stamp = STAMP) -> Ruleset:
    """Return the ruleset of flags and segments."""
    flags = [each for each in definitions if isinstance(each, Flag)]
    segments = [each for each in definitions if isinstance(each, Segment)]
    return evaluation.compile(flags, segments, stamp)


def answer(*definitions: Flag | Segment, context: Context | None = None, now: float = NOW) -> Evaluation:
    """Return what the first definition, a flag, answers."""
    return evaluation.evaluate(ruleset(*definitions), definitions[0].key, context or {}, now)


def matches(tested: Condition, context: Context, *segments: Segment, now: float = NOW) -> bool:
    """Return whether a rule with this one condition serves its variant."""
    tested_flag = flag(fallthrough="off", rules=(rule("on", tested),))
    evaluated = answer(tested_flag, *segments, context=context, now=now)
    assert evaluated.error is None, evaluated.error_message
    return evaluated.value is True
