"""Segments, compiled: look-ups for the listed members, predicates for the rules."""

from typing import TYPE_CHECKING

from mirante.evaluation.bucketing import identity_text
from mirante.evaluation.conditions import Predicate, all_of, compile_reader
from mirante.evaluation.model import Context, Segment, SegmentMembers, Violation
from mirante.evaluation.violations import InvalidDefinition

if TYPE_CHECKING:
    from mirante.evaluation.ruleset import Ruleset

Listed = tuple[Predicate, ...]


class CompiledSegment:
    """A segment that can be asked for membership. Nested segments are looked up in the ruleset at that moment."""

    __slots__ = ("_excluded", "_included", "_rules", "key", "version")

    def __init__(self, segment: Segment) -> None:
        self.key = segment.key
        self.version = segment.version
        self._excluded = tuple([_listed(group) for group in segment.excluded])
        self._included = tuple([_listed(group) for group in segment.included])
        try:
            self._rules = tuple([all_of(conditions) for conditions in segment.rules])
        except ValueError as error:
            raise InvalidDefinition([Violation("rules", str(error))]) from None

    def contains(self, context: Context, ruleset: "Ruleset", now: float) -> bool:
        """Return whether the context belongs to the segment at `now`."""
        if any(listed(context, ruleset, now) for listed in self._excluded):
            return False
        if any(listed(context, ruleset, now) for listed in self._included):
            return True
        return any(all(holds(context, ruleset, now) for holds in rule) for rule in self._rules)


class BrokenSegment(CompiledSegment):
    """A segment whose definition cannot be read here: nobody can say who belongs to it."""

    __slots__ = ("_why",)

    def __init__(self, key: str, why: str) -> None:
        super().__init__(Segment(key, version=0))
        self._why = why

    def contains(self, context: Context, ruleset: "Ruleset", now: float) -> bool:  # noqa: ARG002
        """Raise `InvalidDefinition`, which fails the flags that ask, and no others."""
        raise InvalidDefinition([Violation(f"segments[{self.key}]", self._why)])


def _listed(group: SegmentMembers) -> Predicate:
    read, values = compile_reader(group.attribute), frozenset(group.values)

    def listed(context: Context, _ruleset: "Ruleset", _now: float) -> bool:
        return identity_text(read(context)) in values

    return listed
