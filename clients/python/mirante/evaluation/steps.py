"""
What compiled flags are put together from: functions of context, ruleset and time.

A step that does not decide returns what `otherwise` gives, which spares the call that would ask them in turn.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mirante.evaluation.bucketing import identity_text
from mirante.evaluation.conditions import Predicate, compile_reader
from mirante.evaluation.model import Context, Prerequisite
from mirante.evaluation.outcome import INACTIVE, Outcome, UnidentifiedContext
from mirante.evaluation.violations import InvalidDefinition

if TYPE_CHECKING:
    from mirante.evaluation.ruleset import Ruleset

_Then = TypeVar("_Then")
_Else = TypeVar("_Else")

Way: TypeAlias = Callable[[Context, "Ruleset", float], _Then]
Step: TypeAlias = Way[Outcome | None]
"""An outcome, or None to go on with the flag's next step."""


def chain(steps: Sequence[Step], last: Way[Outcome]) -> Way[Outcome]:
    """Return the first outcome of the steps, or what `last` gives."""
    steps = tuple(steps)

    def decide(context: Context, ruleset: "Ruleset", now: float) -> Outcome:
        for step in steps:
            outcome = step(context, ruleset, now)
            if outcome is not None:
                return outcome
        return last(context, ruleset, now)

    return decide


def always(outcome: Outcome) -> Way[Outcome]:
    """Return the same outcome whoever asks."""
    return lambda _context, _ruleset, _now: outcome


def skip(_context: Context, _ruleset: "Ruleset", _now: float) -> None:
    """Decide nothing."""


def if_in_all(
    string_sets: Sequence[tuple[str, frozenset[object]]], then: Way[_Then], otherwise: Way[_Else]
) -> Way[_Then | _Else]:
    """Go on with `then` if each attribute is in its set of strings."""

    def step(context: Context, ruleset: "Ruleset", now: float) -> _Then | _Else:
        way: Way[_Then | _Else] = then
        try:
            for attribute, wanted in string_sets:
                if context.get(attribute) not in wanted:
                    way = otherwise
                    break
        except TypeError:  # a list or a map, which is in no set
            way = otherwise
        return way(context, ruleset, now)

    return step


def if_all(predicates: Sequence[Predicate], then: Way[_Then], otherwise: Way[_Else]) -> Way[_Then | _Else]:
    """Go on with `then` if all predicates hold."""

    def step(context: Context, ruleset: "Ruleset", now: float) -> _Then | _Else:
        for holds in predicates:
            if not holds(context, ruleset, now):
                return otherwise(context, ruleset, now)
        return then(context, ruleset, now)

    return step


def gated(takes_part: Callable[[Context], bool], draw: Way[_Then], otherwise: Way[_Else]) -> Way[_Then | _Else]:
    """Draw for who takes part."""
    return lambda context, ruleset, now: (draw if takes_part(context) else otherwise)(context, ruleset, now)


def look_up(attribute: str, outcomes: Mapping[str | None, Outcome]) -> Step:
    """Return the outcome listed for the attribute's value."""
    read = compile_reader(attribute)

    def find(context: Context, _ruleset: "Ruleset", _now: float) -> Outcome | None:
        value = read(context)
        return outcomes.get(value if isinstance(value, str) else identity_text(value))

    return find


def fulfilled(prerequisite: Prerequisite) -> Predicate:
    """Return whether the other flag is active and serves one of the variants."""
    flag_key, variants = prerequisite.flag_key, frozenset(prerequisite.variants)

    def is_fulfilled(context: Context, ruleset: "Ruleset", now: float) -> bool:
        flag = ruleset.flags.get(flag_key)
        if flag is None:
            return False
        try:
            outcome = flag.decide(context, ruleset, now)
        except (UnidentifiedContext, InvalidDefinition):
            return False
        return outcome.reason not in INACTIVE and outcome.variant in variants

    return is_fulfilled
