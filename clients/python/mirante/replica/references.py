"""Which flags give other answers because something that they refer to changed."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from mirante.evaluation.model import Condition, Flag, Segment
from mirante.evaluation.references import segment_keys
from mirante.replica.digest import Kind

Definition: TypeAlias = tuple[Kind, str]
"""Kind and key."""

References: TypeAlias = Mapping[Definition, frozenset[Definition]]
"""What a definition names. Those that name nothing are left out."""


def flag_references(flag: Flag) -> frozenset[Definition]:
    """Return the prerequisites of a flag, and the segments that its rules name."""
    flags: frozenset[Definition] = frozenset(("flag", needed.flag_key) for needed in flag.prerequisites)
    return flags | _segments(condition for rule in flag.rules for condition in rule.conditions)


def segment_references(segment: Segment) -> frozenset[Definition]:
    """Return the segments nested in a segment."""
    return _segments(condition for conditions in segment.rules for condition in conditions)


def _segments(conditions: Iterable[Condition]) -> frozenset[Definition]:
    return frozenset(("segment", key) for key in segment_keys(conditions))


def affected_flags(changed: Iterable[Definition], references: References) -> frozenset[str]:
    """Return the keys of the changed flags, and of those that refer to anything changed, however indirectly."""
    affected = set(changed)
    grown = True
    while grown:
        grown = False
        for definition, named in references.items():
            if definition not in affected and not affected.isdisjoint(named):
                affected.add(definition)
                grown = True
    return frozenset(key for kind, key in affected if kind == "flag")
