"""
Conditions, compiled: `Condition` -> a predicate of context, ruleset and time.

An attribute that is absent or null, or has a type that the operator cannot compare, does not match, negated or not.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mirante.evaluation.instants import instant
from mirante.evaluation.model import AttributeValue, Condition, Context, Operator
from mirante.evaluation.operators import compile_operator

if TYPE_CHECKING:
    from mirante.evaluation.ruleset import Ruleset

Predicate: TypeAlias = Callable[[Context, "Ruleset", float], bool]


def compile_condition(condition: Condition) -> Predicate:
    """
    Return the predicate of one condition.

    Raises:
        ValueError: the values don't fit the operator.
    """
    if condition.operator is Operator.IN_SEGMENT:
        return _in_segment(condition)
    if condition.operator is Operator.EXISTS:
        return _exists(condition)
    test, read, wanted = compile_operator(condition), compile_reader(condition.attribute), not condition.negate

    def holds(context: Context, _ruleset: "Ruleset", now: float) -> bool:
        value = read(context)
        if value is None:
            return False
        matches = test(value, now)
        if matches is None and isinstance(value, datetime.datetime):
            matches = test(value.isoformat(), now)  # what a message would carry
        return matches is wanted

    return holds


def compile_reader(attribute: str) -> Callable[[Context], AttributeValue]:
    """Return the reader of an attribute: by name, or by a path into maps that begins with a slash."""
    if not attribute.startswith("/"):
        return lambda context: context.get(attribute)
    steps = attribute[1:].split("/")

    def read(context: Context) -> AttributeValue:
        value: AttributeValue = context
        for step in steps:
            if not isinstance(value, Mapping):
                return None
            value = value.get(step)
        return value

    return read


def all_of(conditions: Sequence[Condition]) -> tuple[Predicate, ...]:
    """Return the predicates that must all hold; raise ValueError as `compile_condition` does."""
    return tuple([compile_condition(condition) for condition in conditions])


def string_sets(conditions: Sequence[Condition]) -> tuple[tuple[str, frozenset[object]], ...] | None:
    """
    Return attribute and wanted strings of each condition, if all are of the commonest kind: a name in a set of strings.

    Only a string can be in a set of strings, so that `context.get(name) in wanted` is the whole comparison; a list or
    a map raises TypeError there, and does not match. Sets that hold dates are none of these: a datetime can equal one.
    """
    if not all(_is_string_in(condition) for condition in conditions):
        return None
    return tuple([(condition.attribute, frozenset(condition.values)) for condition in conditions])


def _is_string_in(condition: Condition) -> bool:
    return (
        condition.operator is Operator.IN
        and not condition.ignore_case
        and not condition.negate
        and not condition.attribute.startswith("/")
        and bool(condition.values)
        and all(isinstance(value, str) and instant(value) is None for value in condition.values)
    )


def _exists(condition: Condition) -> Predicate:
    if condition.values:
        raise ValueError("takes no values")
    read, negate = compile_reader(condition.attribute), condition.negate
    return lambda context, _ruleset, _now: (read(context) is None) is negate


def _in_segment(condition: Condition) -> Predicate:
    keys = tuple([key for key in condition.values if isinstance(key, str)])
    if not keys or len(keys) != len(condition.values):
        raise ValueError("needs the keys of segments")
    wanted = not condition.negate

    def holds(context: Context, ruleset: "Ruleset", now: float) -> bool:
        segments = ruleset.segments
        return any(segments[key].contains(context, ruleset, now) for key in keys if key in segments) is wanted

    return holds
