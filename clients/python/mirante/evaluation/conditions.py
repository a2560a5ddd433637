"""
Conditions, compiled: `Condition` -> a predicate of context, ruleset and time.

An attribute that is absent or null, or has a type that the operator cannot compare, does not match, negated or not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

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
        return value is not None and test(value, now) is wanted

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
    """Return the predicates that must all hold, cheapest first; raise ValueError as `compile_condition` does."""
    plain = [condition for condition in conditions if _is_plain_in(condition)]
    if len(plain) == len(conditions) and plain:
        return (_strings_in(plain),)
    others = tuple([compile_condition(condition) for condition in conditions if not _is_plain_in(condition)])
    return (_strings_in(plain), *others) if plain else others


def _is_plain_in(condition: Condition) -> bool:
    return (
        condition.operator is Operator.IN
        and not condition.ignore_case
        and not condition.negate
        and not condition.attribute.startswith("/")
        and bool(condition.values)
        and all(isinstance(value, str) for value in condition.values)
    )


def _strings_in(conditions: Iterable[Condition]) -> Predicate:
    """Return the commonest conditions, all at once: only a string can be in a set of strings."""
    pairs = tuple([(condition.attribute, frozenset(condition.values)) for condition in conditions])

    def equal(context: Context, _ruleset: "Ruleset", _now: float) -> bool:
        try:
            for attribute, wanted in pairs:
                if context.get(attribute) not in wanted:
                    return False
        except TypeError:  # a list or a map, which is in no set
            return False
        return True

    return equal


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
