"""What the property tests draw: sound flags and segments that often match, and contexts, sendable and hostile."""

import datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from mirante.evaluation import Flag, FlagType, Segment
from mirante.evaluation.model import (
    AttributeValue,
    Bucketing,
    BucketRange,
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

SETTINGS = settings(derandomize=True, deadline=None, max_examples=150)
"""The same examples on every run, and no clock."""

NAMES = ["targeting_key", "tenant_id", "a", "m"]
ATTRIBUTES = [*NAMES, "/m/x", "/m/m/x", "/a", "//"]
TEXTS = ["ana", "ANA", "ação", "", "1", "v1.2", "1.2.3-rc.1", "10.1.2.3", "::ffff:10.0.0.1", "premium", "2026-01-01"]
DATES = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00", "2025-12-31T21:00:00-03:00", "2026-01-01"]
VARIANTS: dict[str, JsonValue] = {"red": "r", "green": "g", "blue": "b"}
MOMENTS = st.sampled_from(
    [
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2025, 12, 31, 21, tzinfo=datetime.timezone(datetime.timedelta(hours=-3))),
        datetime.datetime(2026, 1, 1),
    ]
) | st.datetimes(timezones=st.sampled_from([None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3))]))

encodable = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
texts = st.sampled_from([*TEXTS, *DATES]) | encodable
integers = st.sampled_from([0, 1, 2, 1_767_225_600_000]) | st.integers(-(2**63), 2**63 - 1)
doubles = st.sampled_from([0.0, -0.0, 1.0, 1.5, 1e22]) | st.floats()
finite = st.floats(allow_nan=False, allow_infinity=False)
weights = st.integers(0, 100_000)

sendable_scalars: st.SearchStrategy[AttributeValue] = st.none() | st.booleans() | integers | doubles | texts | MOMENTS


def _grown(inner: st.SearchStrategy[AttributeValue]) -> st.SearchStrategy[Any]:
    listed = st.lists(inner, max_size=3)
    keys = st.sampled_from(["x", "m", ""]) | encodable
    return listed | listed.map(tuple) | st.dictionaries(keys, inner, max_size=3) | st.frozensets(texts, max_size=3)


sendable_values = st.recursive(sendable_scalars, _grown, max_leaves=6)
sendable_contexts = st.dictionaries(st.sampled_from(NAMES) | encodable, sendable_values, max_size=5)
"""Contexts that a message can carry."""


numbers = st.integers(-5, 5) | finite
member_values = texts | st.booleans() | st.integers(-2, 2) | finite
some_members = st.lists(member_values, min_size=1, max_size=3)
some_texts = st.lists(texts, min_size=1, max_size=3)
versions = st.tuples(st.sampled_from(["1", "v1.2", "1.2.3", "1.2.3-rc.1", "0.2.3", "0.0.3"]))
dates = st.tuples(st.sampled_from([*DATES, "-7d", "+12h"]))
patterns = st.lists(st.sampled_from(["^a", "[0-9]+", "T00", "(?i)ANA", r"\pL", ""]), min_size=1, max_size=2)
nets = st.sampled_from(["10.0.0.0/8", "::/0", "0.0.0.0/0", "::ffff:10.0.0.0/104", "127.0.0.1"])

VALUES: dict[Operator, st.SearchStrategy[Any]] = {
    **dict.fromkeys((Operator.IN, Operator.ARRAY_ANY, Operator.ARRAY_ALL, Operator.ARRAY_NONE), some_members),
    **dict.fromkeys((Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS), some_texts),
    **dict.fromkeys((Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER), st.tuples(numbers)),
    **dict.fromkeys([operator for operator in Operator if operator.value.startswith("semver")], versions),
    **dict.fromkeys((Operator.BEFORE, Operator.AFTER), dates),
    Operator.MATCHES: patterns,
    Operator.GREATER_OR_EQUAL: st.tuples(numbers),
    Operator.BETWEEN: st.tuples(numbers, numbers).map(sorted),
    Operator.IN_CIDR: st.lists(nets, min_size=1, max_size=2),
    Operator.EXISTS: st.just(()),
}


def _condition(operator: Operator, segments: tuple[str, ...]) -> st.SearchStrategy[Condition]:
    negations = {"negate": st.booleans(), "ignore_case": st.booleans()}
    if operator is Operator.IN_SEGMENT:
        keys = st.lists(st.sampled_from(segments), min_size=1, max_size=2).map(tuple)
        return st.builds(Condition, st.just(""), st.just(operator), keys, **negations)
    attributes, values = st.sampled_from(ATTRIBUTES), VALUES[operator].map(tuple)
    return st.builds(Condition, attributes, st.just(operator), values, **negations)


def conditions(segments: tuple[str, ...] = ()) -> st.SearchStrategy[Condition]:
    """Sound conditions of every operator; on segments if any are named."""
    operators = [operator for operator in Operator if segments or operator is not Operator.IN_SEGMENT]
    return st.one_of([_condition(operator, segments) for operator in operators])


@st.composite
def rollouts(draw: st.DrawFn, variants: tuple[str, ...] = tuple(VARIANTS)) -> Rollout:
    """Draw a sound rollout."""
    cuts = sorted(draw(st.lists(weights, min_size=len(variants) - 1, max_size=len(variants) - 1)))
    ends = [*cuts, 100_000]
    splits = [Split(variant, end - start) for variant, start, end in zip(variants, [0, *cuts], ends, strict=True)]
    start = draw(st.integers(0, 99_999))
    layer = BucketRange("layer", start, draw(st.integers(start + 1, 100_000)))
    return Rollout(
        tuple(splits),
        draw(st.sampled_from(["targeting_key", "targeting_key", "tenant_id", "/m/x"])),
        draw(st.none() | weights),
        draw(st.none() | st.just(layer)),
    )


names = st.sampled_from(list(VARIANTS))
serves = names | rollouts()
targets = st.builds(
    Target, st.sampled_from(ATTRIBUTES), st.just("red"), st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple)
)
members = st.builds(
    SegmentMembers, st.sampled_from(ATTRIBUTES), st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple)
)
times = st.none() | st.sampled_from([1_767_225_600.0, 1_767_225_601.0, 0.0])


some_rules = st.lists(st.tuples(st.lists(conditions(("s0", "s1")), min_size=1, max_size=2), serves), max_size=2)


@st.composite
def flags(draw: st.DrawFn, key: str = "flag", parents: tuple[str, ...] = ()) -> Flag:
    """Draw a flag that passes validation, with prerequisites among `parents`."""
    first, last = draw(times), draw(times)
    if first is not None and last is not None and first >= last:
        first = None
    found = draw(some_rules)
    needed = [parent for parent in parents if draw(st.booleans())]
    return Flag(
        key=key,
        type=FlagType.STRING,
        variants=VARIANTS,
        off_variant=draw(names),
        fallthrough=draw(serves),
        bucketing=Bucketing(draw(encodable.filter(bool)), "coverage-salt-of-its-own"),
        on=draw(st.sampled_from([True, True, True, False])),
        killed=draw(st.sampled_from([False, False, False, True])),
        targets=tuple(draw(st.lists(targets, max_size=2))),
        prerequisites=tuple([Prerequisite(parent, (draw(names), draw(names))) for parent in needed]),
        rules=tuple([Rule(f"r{number}", tuple(all_of), serve) for number, (all_of, serve) in enumerate(found)]),
        starts_at=first,
        ends_at=last,
    )  # fmt: skip


def segments(key: str, inner: tuple[str, ...] = ()) -> st.SearchStrategy[Segment]:
    """Segments that pass validation, with others inside if any are named."""
    listed = st.lists(members, max_size=1).map(tuple)
    any_of = st.lists(st.lists(conditions(inner), min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)
    return st.builds(Segment, st.just(key), listed, listed, any_of)


definitions = st.tuples(flags(parents=("parent",)), flags("parent"), segments("s0", ("s1",)), segments("s1"))
"""A flag first, and all that it may refer to."""
