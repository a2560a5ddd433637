"""
Flags, compiled: nested functions that pick one of the flag's prepared outcomes.

The order is that of `flag.proto`: kill, on, times, prerequisites, targets, rules, fallthrough. Steps that a flag lacks
are not there at all when it is evaluated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from mirante.evaluation.bucketing import HASH_VERSION, identity_text
from mirante.evaluation.conditions import Predicate, all_of, compile_reader, string_sets
from mirante.evaluation.model import (
    Context,
    Flag,
    Prerequisite,
    Reason,
    Rollout,
    Rule,
    Serve,
    Violation,
)
from mirante.evaluation.outcome import INACTIVE, FlagIdentity, Outcome, UnidentifiedContext
from mirante.evaluation.rollouts import Step, compile_draw, compile_gate
from mirante.evaluation.violations import InvalidDefinition

if TYPE_CHECKING:
    from mirante.evaluation.ruleset import Ruleset

Decide: TypeAlias = Callable[[Context, "Ruleset", float], Outcome]


class CompiledFlag:
    """A flag that can be evaluated: `decide(context, ruleset, now)` returns the outcome."""

    __slots__ = ("client_visible", "decide", "key", "type", "version")

    def __init__(self, flag: Flag) -> None:
        self.key = flag.key
        self.type = flag.type
        self.version = flag.version
        self.client_visible = flag.client_visible
        self.decide: Decide = _Compiler(flag).decide()


class _Compiler:
    """Compiles one flag."""

    def __init__(self, flag: Flag) -> None:
        self._flag = flag
        self._identity = FlagIdentity(flag.key, flag.version, flag.variants)

    def decide(self) -> Decide:
        flag = self._flag
        if flag.bucketing.hash_version != HASH_VERSION:
            raise InvalidDefinition([Violation("bucketing.hash_version", "this version knows 1 only")])
        if flag.killed or not flag.on:
            return _always(self._off(Reason.KILLED if flag.killed else Reason.OFF))
        steps = [self._times(), self._prerequisites(), *self._targets(), *map(self._rule, flag.rules)]
        needed = tuple([step for step in steps if step is not None])
        if not needed:
            return self._fallthrough(static=True)
        last = self._fallthrough(static=False)
        if len(needed) == 1:
            (only,) = needed
            return lambda context, ruleset, now: only(context, ruleset, now) or last(context, ruleset, now)

        def decide(context: Context, ruleset: "Ruleset", now: float) -> Outcome:
            for step in needed:
                outcome = step(context, ruleset, now)
                if outcome is not None:
                    return outcome
            return last(context, ruleset, now)

        return decide

    def _outcome(self, reason: Reason, variant: str, rule_id: str = "") -> Outcome:
        if variant not in self._flag.variants:
            raise InvalidDefinition([Violation("variants", f"there is no variant {variant!r}")])
        return Outcome(self._identity, reason, variant, rule_id)

    def _off(self, reason: Reason) -> Outcome:
        return self._outcome(reason, self._flag.off_variant)

    def _times(self) -> Step | None:
        starts_at, ends_at = self._flag.starts_at, self._flag.ends_at
        if starts_at is None and ends_at is None:
            return None
        outside = self._off(Reason.SCHEDULE)
        first = float("-inf") if starts_at is None else starts_at
        end = float("inf") if ends_at is None else ends_at
        return lambda _context, _ruleset, now: None if first <= now < end else outside

    def _prerequisites(self) -> Step | None:
        if not self._flag.prerequisites:
            return None
        failed = self._off(Reason.PREREQUISITE_FAILED)
        needed = tuple([_fulfilled(prerequisite) for prerequisite in self._flag.prerequisites])

        def check(context: Context, ruleset: "Ruleset", now: float) -> Outcome | None:
            for fulfilled in needed:
                if not fulfilled(context, ruleset, now):
                    return failed
            return None

        return check

    def _targets(self) -> Iterator[Step]:
        """Yield one look-up for each run of targets of the same attribute, so that the first target still wins."""
        for attribute, targets in groupby(self._flag.targets, lambda target: target.attribute):
            outcomes: dict[str | None, Outcome] = {}
            for target in targets:
                outcome = self._outcome(Reason.TARGET, target.variant)
                for value in target.values:
                    outcomes.setdefault(value, outcome)
            yield _look_up(attribute, outcomes)

    def _rule(self, rule: Rule) -> Step:
        if isinstance(rule.serve, Rollout):
            then = self._drawing(rule.serve, rule.id)
        else:
            then = _always(self._outcome(Reason.RULE, rule.serve, rule.id))
        wanted = string_sets(rule.conditions)
        if wanted is not None:
            return _if_in_all(wanted, then)
        try:
            return _if_all(all_of(rule.conditions), then)
        except ValueError as error:
            raise InvalidDefinition([Violation(f"rules[{rule.id}].conditions", str(error))]) from None

    def _fallthrough(self, *, static: bool) -> Decide:
        serve: Serve = self._flag.fallthrough
        if not isinstance(serve, Rollout):
            return _always(self._outcome(Reason.STATIC if static else Reason.FALLTHROUGH, serve))
        takes_part, draw = compile_gate(serve, self._flag.bucketing), self._draw(serve, "")
        if takes_part is None:
            return draw
        uncovered = self._off(Reason.UNCOVERED)
        return lambda context, ruleset, now: draw(context, ruleset, now) if takes_part(context) else uncovered

    def _draw(self, rollout: Rollout, rule_id: str) -> Decide:
        return compile_draw(
            rollout, self._flag.bucketing, lambda variant: self._outcome(Reason.SPLIT, variant, rule_id)
        )

    def _drawing(self, rollout: Rollout, rule_id: str) -> Step:
        """Return the step that draws for who takes part, and passes on who doesn't."""
        draw, takes_part = self._draw(rollout, rule_id), compile_gate(rollout, self._flag.bucketing)
        if takes_part is None:
            return draw
        return lambda context, ruleset, now: draw(context, ruleset, now) if takes_part(context) else None


def _if_in_all(string_sets: Sequence[tuple[str, frozenset[object]]], then: Step) -> Step:
    def step(context: Context, ruleset: "Ruleset", now: float) -> Outcome | None:
        try:
            for attribute, wanted in string_sets:
                if context.get(attribute) not in wanted:
                    return None
        except TypeError:
            return None
        return then(context, ruleset, now)

    return step


def _if_all(predicates: Sequence[Predicate], then: Step) -> Step:
    def step(context: Context, ruleset: "Ruleset", now: float) -> Outcome | None:
        for holds in predicates:
            if not holds(context, ruleset, now):
                return None
        return then(context, ruleset, now)

    return step


def _look_up(attribute: str, outcomes: Mapping[str | None, Outcome]) -> Step:
    read = compile_reader(attribute)

    def look_up(context: Context, _ruleset: "Ruleset", _now: float) -> Outcome | None:
        value = read(context)
        return outcomes.get(value if isinstance(value, str) else identity_text(value))

    return look_up


def _always(outcome: Outcome) -> Decide:
    return lambda _context, _ruleset, _now: outcome


def _fulfilled(prerequisite: Prerequisite) -> Predicate:
    flag_key, variants = prerequisite.flag_key, frozenset(prerequisite.variants)

    def fulfilled(context: Context, ruleset: "Ruleset", now: float) -> bool:
        flag = ruleset.flags.get(flag_key)
        if flag is None:
            return False
        try:
            outcome = flag.decide(context, ruleset, now)
        except (UnidentifiedContext, InvalidDefinition):
            return False
        return outcome.reason not in INACTIVE and outcome.variant in variants

    return fulfilled
