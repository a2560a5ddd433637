"""Everything that `validate_flag` and `validate_segment` can find, each with the exact path of its field."""

from typing import Any

import pytest
from mirante.evaluation import FlagType, Segment, Violation, validate_flag, validate_segment
from mirante.evaluation.model import (
    Bucketing,
    BucketRange,
    Condition,
    JsonValue,
    Operator,
    Prerequisite,
    Rollout,
    SegmentMembers,
    Split,
    Target,
)

from tests.unit.evaluation.definitions import condition, flag, in_segment, needs, rollout, rule, target

KEY = "must have 1 to 128 letters, digits, '_', '-' and '.'"
NAME = "a name has 1 to 128 letters, digits, '_', '-' and '.'"
EXISTS = condition("a", Operator.EXISTS)


def nested(levels: int) -> JsonValue:
    """A list in a list, so many levels deep."""
    value: JsonValue = []
    for _ in range(levels - 1):
        value = [value]
    return value


SOUND: list[dict[str, Any]] = [
    {},
    {"key": "A-z_0.9"},
    {"key": "a" * 128},
    {"starts_at": 1.0, "ends_at": 2.0},
    {"starts_at": 0.0},
    {"prerequisites": (needs("a"), needs("b", "x", "y"))},
    {"targets": (target("on", "a", "b"), target("off", "a", attribute="tenant_id"), target("on", "a"))},
    {"rules": (rule(rollout({"on": 100_000})),)},
    {"rules": (rule("on", EXISTS, rule_id="a"), rule("on", EXISTS, rule_id="b"))},
    {"fallthrough": rollout({"on": 0, "off": 100_000}, coverage=0)},
    {"fallthrough": rollout({"on": 1, "off": 99_999}, coverage=100_000, range=BucketRange("layer", 0, 100_000))},
    {"type": FlagType.STRING, "variants": {"on": "", "off": "x"}},
    {"type": FlagType.INTEGER, "variants": {"on": 2**63 - 1, "off": -(2**63)}},
    {"type": FlagType.DOUBLE, "variants": {"on": 1.0, "off": -1e308}},
    {"type": FlagType.JSON, "variants": {"on": {"a": [1, None, "x", True, 1.5]}, "off": []}},
    {"type": FlagType.JSON, "variants": {"on": nested(16), "off": {}}},
]


@pytest.mark.parametrize("fields", SOUND, ids=lambda fields: str(fields)[:60])
def test_sound_flags(fields: dict[str, Any]) -> None:
    """Nothing is found in what is sound."""
    assert validate_flag(flag(**fields)) == []


FLAGS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"key": ""}, [("key", KEY)]),
    ({"key": "a" * 129}, [("key", KEY)]),
    ({"key": "ação"}, [("key", KEY)]),
    ({"key": "a b"}, [("key", KEY)]),
    ({"key": "a\n"}, [("key", KEY)]),
    (
        {"variants": {}},
        [
            ("variants", "a flag needs at least one variant"),
            ("off_variant", "there is no variant 'off'"),
            ("fallthrough.variant", "there is no variant 'on'"),
        ],
    ),
    ({"variants": {"on": True, "off": False, "a b": True}}, [("variants[a b]", NAME)]),
    ({"variants": {"on": True, "off": False, "": True}}, [("variants[]", NAME)]),
    ({"variants": {"on": 1, "off": False}}, [("variants[on].value", "must be a boolean")]),
    ({"variants": {"on": None, "off": False}}, [("variants[on].value", "must be a boolean")]),
    (
        {"type": FlagType.STRING},
        [("variants[on].value", "must be a string"), ("variants[off].value", "must be a string")],
    ),
    (
        {"type": FlagType.INTEGER, "variants": {"on": True, "off": 1.0}},
        [("variants[on].value", "must be an integer"), ("variants[off].value", "must be an integer")],
    ),
    (
        {"type": FlagType.INTEGER, "variants": {"on": 2**63, "off": -(2**63) - 1}},
        [("variants[on].value", "must fit into 64 bits"), ("variants[off].value", "must fit into 64 bits")],
    ),
    (
        {"type": FlagType.DOUBLE, "variants": {"on": 1, "off": float("nan")}},
        [("variants[on].value", "must be a finite double"), ("variants[off].value", "must be a finite double")],
    ),
    (
        {"type": FlagType.JSON, "variants": {"on": "x", "off": None}},
        [("variants[on].value", "must be a list or a map"), ("variants[off].value", "must be a list or a map")],
    ),
    (
        {"type": FlagType.JSON, "variants": {"on": [{"a": float("inf")}], "off": nested(17)}},
        [
            ("variants[on].value", "must hold finite numbers only"),
            ("variants[off].value", "must not be nested more than 16 levels deep"),
        ],
    ),
    ({"off_variant": ""}, [("off_variant", "must name a variant")]),
    ({"off_variant": "x"}, [("off_variant", "there is no variant 'x'")]),
    ({"bucketing": Bucketing("a", "b", 2)}, [("bucketing.hash_version", "must be 1")]),
    ({"bucketing": Bucketing("", "b")}, [("bucketing.salt", "must not be empty")]),
    ({"bucketing": Bucketing("a", "")}, [("bucketing.coverage_salt", "must not be empty")]),
    ({"bucketing": Bucketing("a", "a")}, [("bucketing.coverage_salt", "must differ from salt")]),
    ({"starts_at": 2.0, "ends_at": 2.0}, [("ends_at", "must be after starts_at")]),
    ({"starts_at": 2.0, "ends_at": 1.0}, [("ends_at", "must be after starts_at")]),
    ({"prerequisites": (needs("flag"),)}, [("prerequisites[0].flag_key", "a flag cannot be its own prerequisite")]),
    ({"prerequisites": (needs("a"), needs("a"))}, [("prerequisites[1].flag_key", "'a' is listed twice")]),
    ({"prerequisites": (Prerequisite("a", ()),)}, [("prerequisites[0].variants", "must name at least one variant")]),
    ({"targets": (Target("", "on", ("a",)),)}, [("targets[0].attribute", "must not be empty")]),
    ({"targets": (Target("a", "on", ()),)}, [("targets[0].values", "must not be empty")]),
    ({"targets": (Target("a", "on", ("x", "")),)}, [("targets[0].values", "must not hold an empty string")]),
    ({"targets": (target("x", "a"),)}, [("targets[0].variant", "there is no variant 'x'")]),
    (
        {"targets": (target("on", "a"), target("off", "b", "a"))},
        [("targets[1].values", "'a' is already targeted with 'on'")],
    ),
    ({"rules": (rule("on", EXISTS, rule_id=""),)}, [("rules[0].id", KEY)]),
    ({"rules": (rule("on", EXISTS), rule("on", EXISTS))}, [("rules[1].id", "'rule' is used twice")]),
    (
        {"rules": (rule("on"),)},
        [("rules[0].conditions", "a rule for everybody must serve a rollout, or be the fallthrough")],
    ),
    ({"rules": (rule("x", EXISTS),)}, [("rules[0].serve.variant", "there is no variant 'x'")]),
    ({"fallthrough": ""}, [("fallthrough.variant", "must name a variant")]),
    (
        {"rules": (rule(rollout({"x": 100_000}, bucket_by="")),)},
        [
            ("rules[0].serve.rollout.bucket_by", "must not be empty"),
            ("rules[0].serve.rollout.splits[0].variant", "there is no variant 'x'"),
        ],
    ),
    ({"fallthrough": Rollout(())}, [("fallthrough.rollout.splits", "the weights sum to 0, not to 100000")]),
    (
        {"fallthrough": rollout({"on": 50_000, "off": 49_999})},
        [("fallthrough.rollout.splits", "the weights sum to 99999, not to 100000")],
    ),
    (
        {"fallthrough": Rollout((Split("on", 100_001), Split("off", -1)))},
        [
            ("fallthrough.rollout.splits[0].weight", "must be 0 to 100000"),
            ("fallthrough.rollout.splits[1].weight", "must be 0 to 100000"),
        ],
    ),
    (
        {"fallthrough": rollout({"on": 100_000}, coverage=100_001)},
        [("fallthrough.rollout.coverage", "must be 0 to 100000")],
    ),
    (
        {"fallthrough": rollout({"on": 100_000}, range=BucketRange("", 0, 1))},
        [("fallthrough.rollout.range.salt", "must not be empty")],
    ),
    *[
        (
            {"fallthrough": rollout({"on": 100_000}, range=BucketRange("layer", start, end))},
            [("fallthrough.rollout.range", "needs 0 <= start < end <= 100000")],
        )
        for start, end in ((5, 5), (6, 5), (-1, 5), (0, 100_001))
    ],
]


@pytest.mark.parametrize(("fields", "found"), FLAGS, ids=lambda value: str(value)[:70])
def test_unsound_flags(fields: dict[str, Any], found: list[tuple[str, str]]) -> None:
    """Each fault is named with the path of its field and the reason, and nothing else is."""
    assert validate_flag(flag(**fields)) == [Violation(field, description) for field, description in found]


ONE = "needs exactly one value, got {}"
VERSION = "needs a semantic version such as 1.4.2"
DATE = 'needs a date such as 2026-03-01T12:00:00Z, or an offset from now such as "-7d"'
NETWORKS = "needs networks such as 10.0.0.0/8 or 2001:db8::/32"
SCALARS = "needs strings, numbers or booleans"
SOME = "needs at least one value"

CONDITIONS: list[tuple[Operator, tuple[JsonValue, ...], str]] = [
    *[(operator, (), SOME) for operator in (Operator.IN, Operator.ARRAY_ANY, Operator.ARRAY_ALL, Operator.ARRAY_NONE)],
    *[(operator, (), SOME) for operator in (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)],
    (Operator.IN, ("a", None), SCALARS),
    (Operator.IN, (["a"],), SCALARS),
    (Operator.IN, (float("nan"),), SCALARS),
    (Operator.ARRAY_ALL, ({"a": 1},), SCALARS),
    (Operator.STARTS_WITH, ("a", 1), "needs strings"),
    (Operator.CONTAINS, (True,), "needs strings"),
    (Operator.MATCHES, (), "needs patterns"),
    (Operator.MATCHES, (1,), "needs patterns"),
    (Operator.MATCHES, ("a" * 1001,), "a pattern may have 1000 characters at most"),
    (Operator.MATCHES, ("(",), "missing ): ("),
    (Operator.MATCHES, ("a(?=b)",), "invalid perl operator: (?="),
    (Operator.LESS, (), "needs 1 number"),
    (Operator.GREATER_OR_EQUAL, (1, 2), "needs 1 number"),
    (Operator.LESS_OR_EQUAL, ("1",), "needs 1 number"),
    (Operator.GREATER, (True,), "needs 1 number"),
    (Operator.LESS, (float("nan"),), "NaN compares with nothing"),
    (Operator.BETWEEN, (1,), "needs 2 numbers"),
    (Operator.BETWEEN, (1, "2"), "needs 2 numbers"),
    (Operator.BETWEEN, (2, 1), "the first number must not be above the second"),
    (Operator.BETWEEN, (1, float("nan")), "NaN compares with nothing"),
    (Operator.SEMVER_EQUAL, (), ONE.format(0)),
    (Operator.SEMVER_LESS, ("1.0.0", "2.0.0"), ONE.format(2)),
    (Operator.SEMVER_TILDE, ("latest",), VERSION),
    (Operator.SEMVER_CARET, (1,), VERSION),
    (Operator.BEFORE, (), ONE.format(0)),
    (Operator.AFTER, ("-7d", "-8d"), ONE.format(2)),
    (Operator.BEFORE, ("amanhã",), DATE),
    (Operator.BEFORE, ("7d",), DATE),
    (Operator.AFTER, (None,), DATE),
    (Operator.AFTER, (True,), DATE),
    (Operator.AFTER, (float("nan"),), DATE),
    (Operator.AFTER, (10**400,), DATE),
    (Operator.IN_CIDR, (), SOME),
    (Operator.IN_CIDR, (1,), "needs strings"),
    (Operator.IN_CIDR, ("10.0.0.0/8", "rede"), NETWORKS),
    (Operator.EXISTS, ("a",), "takes no values"),
]


@pytest.mark.parametrize(("operator", "values", "description"), CONDITIONS, ids=lambda value: str(value)[:40])
def test_values_that_do_not_fit_the_operator(
    operator: Operator, values: tuple[JsonValue, ...], description: str
) -> None:
    """The place of the condition is named, in flags and in segments."""
    spoiled = condition("a", operator, *values)
    flag_found = validate_flag(flag(rules=(rule("on", EXISTS, rule_id="a"), rule("on", EXISTS, spoiled))))
    assert flag_found == [Violation("rules[1].conditions[1].values", description)]
    segment_found = validate_segment(Segment("s", rules=((EXISTS,), (spoiled,))))
    assert segment_found == [Violation("rules[1].conditions[0].values", description)]


def test_every_operator_can_be_refused() -> None:
    """The table above leaves no operator out, but for those with look-alikes in it."""
    look_alikes = {Operator.SEMVER_LESS_OR_EQUAL, Operator.SEMVER_GREATER, Operator.SEMVER_GREATER_OR_EQUAL}
    assert {operator for operator, _, _ in CONDITIONS} | look_alikes | {Operator.IN_SEGMENT} == set(Operator)


@pytest.mark.parametrize(
    ("spoiled", "field", "description"),
    [
        (condition("", Operator.EXISTS), "attribute", "must not be empty"),
        (condition("/", Operator.EXISTS), "attribute", "must not be empty"),
        (Condition("a", Operator.IN_SEGMENT, ("s",)), "attribute", "must be empty: segments look at the whole context"),
        (in_segment(), "values", "needs the keys of segments"),
        (Condition("", Operator.IN_SEGMENT, (1,)), "values", "needs the keys of segments"),
    ],
)
def test_attributes_and_segments_of_conditions(spoiled: Condition, field: str, description: str) -> None:
    """A condition names an attribute or segments, never both."""
    assert validate_flag(flag(rules=(rule("on", spoiled),))) == [
        Violation(f"rules[0].conditions[0].{field}", description)
    ]


@pytest.mark.parametrize(
    ("segment", "found"),
    [
        (Segment("s"), []),
        (Segment("s", (SegmentMembers("a", ("x",)),), (SegmentMembers("a", ("y",)),), ((EXISTS,),)), []),
        (Segment("a b"), [("key", KEY)]),
        (Segment("s", included=(SegmentMembers("", ("x",)),)), [("included[0].attribute", "must not be empty")]),
        (Segment("s", included=(SegmentMembers("a", ()),)), [("included[0].values", "must not be empty")]),
        (
            Segment("s", excluded=(SegmentMembers("a", ("",)),)),
            [("excluded[0].values", "must not hold an empty string")],
        ),
        (Segment("s", rules=((EXISTS,), ())), [("rules[1].conditions", "a segment rule needs at least one condition")]),
    ],
)
def test_segments(segment: Segment, found: list[tuple[str, str]]) -> None:
    """Members and rules of a segment are checked like those of a flag."""
    assert validate_segment(segment) == [Violation(field, description) for field, description in found]


def test_all_faults_are_found_at_once() -> None:
    """Whoever writes a definition hears of everything that is wrong with it."""
    found = validate_flag(flag(key="", off_variant="x", ends_at=0.0, starts_at=1.0, fallthrough="y"))
    assert [violation.field for violation in found] == ["key", "off_variant", "ends_at", "fallthrough.variant"]
