"""What makes flags and segments sound together: everything they refer to is there, and nothing goes in circles."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from mirante.evaluation.model import Condition, Flag, Operator, Segment, Violation

MAX_NESTING: Final = 20
"""Links of the longest chain of prerequisites, and of segments within segments."""

MAX_LOOKUPS: Final = 1_000
"""Prerequisites that evaluating one flag may come to, each as often as it is met on another way; segments likewise."""


def validate_references(flags: Mapping[str, Flag], segments: Mapping[str, Segment]) -> list[Violation]:
    """Return what is wrong between definitions; fields begin with "flags[KEY]." or "segments[KEY]."."""
    found: list[Violation] = []
    for flag in flags.values():
        found += _flag_references(flag, flags, segments)
    for segment in segments.values():
        for position, conditions in enumerate(segment.rules):
            found += _segment_references(f"segments[{segment.key}].rules[{position}]", conditions, segments)
    found += _circles("flags", "prerequisites", flags, lambda key: _prerequisite_keys(flags, key))
    found += _circles("segments", "rules", segments, lambda key: _nested_keys(segments, key))
    return found


def segment_keys(conditions: Iterable[Condition]) -> list[str]:
    """Return the keys of the segments that conditions name."""
    return [
        value
        for condition in conditions
        if condition.operator is Operator.IN_SEGMENT
        for value in condition.values
        if isinstance(value, str)
    ]


def _flag_references(flag: Flag, flags: Mapping[str, Flag], segments: Mapping[str, Segment]) -> Iterator[Violation]:
    for position, needed in enumerate(flag.prerequisites):
        field = f"flags[{flag.key}].prerequisites[{position}]"
        other = flags.get(needed.flag_key)
        if other is None:
            yield Violation(f"{field}.flag_key", f"there is no flag {needed.flag_key!r}")
            continue
        for variant in needed.variants:
            if variant not in other.variants:
                yield Violation(f"{field}.variants", f"flag {other.key!r} has no variant {variant!r}")
    for position, rule in enumerate(flag.rules):
        yield from _segment_references(f"flags[{flag.key}].rules[{position}]", rule.conditions, segments)


def _segment_references(
    field: str, conditions: Iterable[Condition], segments: Mapping[str, Segment]
) -> Iterator[Violation]:
    for position, condition in enumerate(conditions):
        for key in segment_keys([condition]):
            if key not in segments:
                yield Violation(f"{field}.conditions[{position}].values", f"there is no segment {key!r}")


def _prerequisite_keys(flags: Mapping[str, Flag], key: str) -> list[str]:
    return [needed.flag_key for needed in flags[key].prerequisites if needed.flag_key in flags]


def _nested_keys(segments: Mapping[str, Segment], key: str) -> list[str]:
    return [nested for rule in segments[key].rules for nested in segment_keys(rule) if nested in segments]


def _circles(kind: str, field: str, keys: Iterable[str], successors: Callable[[str], list[str]]) -> Iterator[Violation]:
    """Walk depth first from every key, and remember what hangs below those that are known to be sound."""
    links: dict[str, int] = {}
    lookups: dict[str, int] = {}
    for start in keys:
        path = {} if start in links else {start: iter(successors(start))}
        while path:
            key = next(reversed(path))
            below = next(path[key], None)
            if below is None:
                del path[key]
                nested = successors(key)
                links[key] = max((1 + links[other] for other in nested), default=0)
                lookups[key] = min(sum(1 + lookups[other] for other in nested), MAX_LOOKUPS + 1)
            elif below in path:
                names = list(path)
                circle = " -> ".join([*names[names.index(below) :], below])
                yield Violation(f"{kind}[{start}].{field}", f"goes in a circle: {circle}")
                return
            elif below not in links:
                path[below] = iter(successors(below))
        if links[start] > MAX_NESTING:
            yield Violation(f"{kind}[{start}].{field}", f"a chain may have {MAX_NESTING} links at most")
        elif lookups[start] > MAX_LOOKUPS:
            yield Violation(f"{kind}[{start}].{field}", f"may lead to {MAX_LOOKUPS} look-ups of others at most")
