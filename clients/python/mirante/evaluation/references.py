"""What makes flags and segments sound together: everything they refer to is there, and nothing goes in circles."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from mirante.evaluation.model import Condition, Flag, Operator, Segment, Violation

_Item = TypeVar("_Item")

MAX_NESTING = 20
"""Longest chain of prerequisites, and of segments within segments."""


def validate_references(
    flags: Mapping[str, Flag], segments: Mapping[str, Segment], changed: Collection[str] | None = None
) -> list[Violation]:
    """
    Return what is wrong between definitions; fields begin with "flags[KEY]." or "segments[KEY].".

    `changed` limits the report to the flags and segments of these keys, and to circles through them; others may still
    be at fault because something they refer to is gone, so leave it out when anything was removed.
    """
    found: list[Violation] = []
    for flag in _selected(flags, changed):
        found += _flag_references(flag, flags, segments)
    for segment in _selected(segments, changed):
        for position, conditions in enumerate(segment.rules):
            found += _segment_references(f"segments[{segment.key}].rules[{position}]", conditions, segments)
    found += _circles("flags", "prerequisites", _keys(flags, changed), lambda key: _prerequisite_keys(flags, key))
    found += _circles("segments", "rules", _keys(segments, changed), lambda key: _nested_keys(segments, key))
    return found


def referring_flags(flags: Mapping[str, Flag], *, flag_key: str = "", segment_key: str = "") -> list[str]:
    """Return the keys of the flags that need this flag as a prerequisite, or name this segment in a rule."""
    return [
        flag.key
        for flag in flags.values()
        if any(needed.flag_key == flag_key for needed in flag.prerequisites)
        or any(segment_key in segment_keys(rule.conditions) for rule in flag.rules)
    ]


def segment_keys(conditions: Iterable[Condition]) -> list[str]:
    """Return the keys of the segments that conditions name."""
    return [
        value
        for condition in conditions
        if condition.operator is Operator.IN_SEGMENT
        for value in condition.values
        if isinstance(value, str)
    ]


def _selected(items: Mapping[str, _Item], changed: Collection[str] | None) -> list[_Item]:
    return [items[key] for key in _keys(items, changed)]


def _keys(items: Collection[str], changed: Collection[str] | None) -> list[str]:
    return [key for key in items if changed is None or key in changed]


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


def _circles(
    kind: str, field: str, starts: Iterable[str], successors: Callable[[str], list[str]]
) -> Iterator[Violation]:
    """Walk depth first from every start; `height` remembers how long a chain hangs below what is known to be sound."""
    height: dict[str, int] = {}
    for start in starts:
        path = [start]
        pending = [iter(successors(start))] if start not in height else []
        while pending:
            key = next(pending[-1], None)
            if key is None:
                pending.pop()
                done = path.pop()
                height[done] = 1 + max((height[below] for below in successors(done)), default=0)
            elif key in path:
                circle = " -> ".join([*path[path.index(key) :], key])
                yield Violation(f"{kind}[{start}].{field}", f"goes in a circle: {circle}")
                return
            elif key not in height:
                path.append(key)
                pending.append(iter(successors(key)))
        if height.get(start, 0) > MAX_NESTING:
            yield Violation(f"{kind}[{start}].{field}", f"a chain may have {MAX_NESTING} links at most")
