"""
What makes one flag or segment sound by itself: checked when it is written, never met when it is evaluated.

What it refers to is checked by `references`.
"""

import math
import re
from collections.abc import Iterable, Iterator

from mirante.evaluation.bucketing import HASH_VERSION
from mirante.evaluation.conditions import compile_condition
from mirante.evaluation.model import (
    TOTAL_WEIGHT,
    Condition,
    Flag,
    FlagType,
    JsonValue,
    Operator,
    Prerequisite,
    Rollout,
    Rule,
    Segment,
    SegmentMembers,
    Serve,
    Target,
    Violation,
)

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_INT64 = 1 << 63
_MAX_DEPTH = 16


def validate_flag(flag: Flag) -> list[Violation]:
    """Return everything that is wrong with a flag by itself; empty when it is sound."""
    return list(_flag(flag))


def validate_segment(segment: Segment) -> list[Violation]:
    """Return everything that is wrong with a segment by itself; empty when it is sound."""
    return list(_segment(segment))


def _flag(flag: Flag) -> Iterator[Violation]:
    yield from _key("key", flag.key)
    if not flag.variants:
        yield Violation("variants", "a flag needs at least one variant")
    for name, value in flag.variants.items():
        if not _KEY.fullmatch(name):
            yield Violation(f"variants[{name}]", "a name has 1 to 128 letters, digits, '_', '-' and '.'")
        wrong = _wrong_value(flag.type, value)
        if wrong:
            yield Violation(f"variants[{name}].value", wrong)
    yield from _variant("off_variant", flag.off_variant, flag)
    yield from _bucketing(flag)
    if flag.starts_at is not None and flag.ends_at is not None and flag.starts_at >= flag.ends_at:
        yield Violation("ends_at", "must be after starts_at")
    yield from _prerequisites(flag.prerequisites, flag)
    yield from _targets(flag.targets, flag)
    yield from _rules(flag.rules, flag)
    yield from _serve("fallthrough", flag.fallthrough, flag)


def _segment(segment: Segment) -> Iterator[Violation]:
    yield from _key("key", segment.key)
    for name, groups in (("included", segment.included), ("excluded", segment.excluded)):
        for position, group in enumerate(groups):
            yield from _members(f"{name}[{position}]", group)
    for position, conditions in enumerate(segment.rules):
        if not conditions:
            yield Violation(f"rules[{position}].conditions", "a segment rule needs at least one condition")
        yield from _conditions(f"rules[{position}]", conditions)


def _key(field: str, key: str) -> Iterator[Violation]:
    if not _KEY.fullmatch(key):
        yield Violation(field, "must have 1 to 128 letters, digits, '_', '-' and '.'")


def _variant(field: str, name: str, flag: Flag) -> Iterator[Violation]:
    if name not in flag.variants:
        yield Violation(field, f"there is no variant {name!r}" if name else "must name a variant")


def _wrong_value(flag_type: FlagType, value: JsonValue) -> str | None:
    if flag_type is FlagType.BOOL:
        return None if isinstance(value, bool) else "must be a boolean"
    if flag_type is FlagType.STRING:
        return None if isinstance(value, str) else "must be a string"
    if flag_type is FlagType.INTEGER:
        if isinstance(value, bool) or not isinstance(value, int):
            return "must be an integer"
        return None if -_INT64 <= value < _INT64 else "must fit into 64 bits"
    if flag_type is FlagType.DOUBLE:
        return None if isinstance(value, float) and math.isfinite(value) else "must be a finite double"
    if not isinstance(value, list | dict):
        return "must be a list or a map"
    if not _finite(value):
        return "must hold finite numbers only"
    return None if _depth(value) <= _MAX_DEPTH else f"must not be nested more than {_MAX_DEPTH} levels deep"


def _finite(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _depth(value: JsonValue) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _bucketing(flag: Flag) -> Iterator[Violation]:
    bucketing = flag.bucketing
    if bucketing.hash_version != HASH_VERSION:
        yield Violation("bucketing.hash_version", f"must be {HASH_VERSION}")
    if not bucketing.salt:
        yield Violation("bucketing.salt", "must not be empty")
    if not bucketing.coverage_salt:
        yield Violation("bucketing.coverage_salt", "must not be empty")
    elif bucketing.salt == bucketing.coverage_salt:
        # With one salt, 10 % coverage followed by a 50/50 split puts everybody into the first arm.
        yield Violation("bucketing.coverage_salt", "must differ from salt")


def _prerequisites(prerequisites: Iterable[Prerequisite], flag: Flag) -> Iterator[Violation]:
    seen = {flag.key}
    for position, prerequisite in enumerate(prerequisites):
        field = f"prerequisites[{position}]"
        if prerequisite.flag_key == flag.key:
            yield Violation(f"{field}.flag_key", "a flag cannot be its own prerequisite")
        elif prerequisite.flag_key in seen:
            yield Violation(f"{field}.flag_key", f"{prerequisite.flag_key!r} is listed twice")
        seen.add(prerequisite.flag_key)
        if not prerequisite.variants:
            yield Violation(f"{field}.variants", "must name at least one variant")


def _targets(targets: Iterable[Target], flag: Flag) -> Iterator[Violation]:
    taken: dict[tuple[str, str], str] = {}
    for position, target in enumerate(targets):
        field = f"targets[{position}]"
        yield from _members(field, SegmentMembers(target.attribute, target.values))
        yield from _variant(f"{field}.variant", target.variant, flag)
        for value in target.values:
            other = taken.setdefault((target.attribute, value), target.variant)
            if other != target.variant:
                yield Violation(f"{field}.values", f"{value!r} is already targeted with {other!r}")


def _members(field: str, group: SegmentMembers) -> Iterator[Violation]:
    if not group.attribute:
        yield Violation(f"{field}.attribute", "must not be empty")
    if not group.values:
        yield Violation(f"{field}.values", "must not be empty")
    elif "" in group.values:
        yield Violation(f"{field}.values", "must not hold an empty string")


def _rules(rules: Iterable[Rule], flag: Flag) -> Iterator[Violation]:
    seen: set[str] = set()
    for position, rule in enumerate(rules):
        field = f"rules[{position}]"
        if not _KEY.fullmatch(rule.id):
            yield Violation(f"{field}.id", "must have 1 to 128 letters, digits, '_', '-' and '.'")
        elif rule.id in seen:
            yield Violation(f"{field}.id", f"{rule.id!r} is used twice")
        seen.add(rule.id)
        if not rule.conditions and not isinstance(rule.serve, Rollout):
            yield Violation(f"{field}.conditions", "a rule for everybody must serve a rollout, or be the fallthrough")
        yield from _conditions(field, rule.conditions)
        yield from _serve(f"{field}.serve", rule.serve, flag)


def _conditions(field: str, conditions: Iterable[Condition]) -> Iterator[Violation]:
    for position, condition in enumerate(conditions):
        place = f"{field}.conditions[{position}]"
        if condition.operator is Operator.IN_SEGMENT:
            if condition.attribute:
                yield Violation(f"{place}.attribute", "must be empty: segments look at the whole context")
        elif not condition.attribute or condition.attribute == "/":
            yield Violation(f"{place}.attribute", "must not be empty")
        try:
            compile_condition(condition)
        except ValueError as error:
            yield Violation(f"{place}.values", str(error))


def _serve(field: str, serve: Serve, flag: Flag) -> Iterator[Violation]:
    if not isinstance(serve, Rollout):
        yield from _variant(f"{field}.variant", serve, flag)
        return
    field = f"{field}.rollout"
    if not serve.bucket_by:
        yield Violation(f"{field}.bucket_by", "must not be empty")
    total = 0
    for position, split in enumerate(serve.splits):
        yield from _variant(f"{field}.splits[{position}].variant", split.variant, flag)
        if not 0 <= split.weight <= TOTAL_WEIGHT:
            yield Violation(f"{field}.splits[{position}].weight", f"must be 0 to {TOTAL_WEIGHT}")
        total += split.weight
    if total != TOTAL_WEIGHT:
        yield Violation(f"{field}.splits", f"the weights sum to {total}, not to {TOTAL_WEIGHT}")
    if serve.coverage is not None and not 0 <= serve.coverage <= TOTAL_WEIGHT:
        yield Violation(f"{field}.coverage", f"must be 0 to {TOTAL_WEIGHT}")
    if serve.range is not None:
        if not serve.range.salt:
            yield Violation(f"{field}.range.salt", "must not be empty")
        if not 0 <= serve.range.start < serve.range.end <= TOTAL_WEIGHT:
            yield Violation(f"{field}.range", f"needs 0 <= start < end <= {TOTAL_WEIGHT}")
