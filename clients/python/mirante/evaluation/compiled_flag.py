"""
Flags, compiled: nested functions that pick one of the flag's prepared outcomes.

The order is that of `flag.proto`: kill, on, times, prerequisites, targets, rules, fallthrough. Steps that a flag lacks
are not there at all when it is evaluated.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TypeVar

from mirante.evaluation.bucketing import HASH_VERSION
from mirante.evaluation.conditions import all_of, string_sets
from mirante.evaluation.model import Flag, Operator, Reason, Rollout, Rule, Violation
from mirante.evaluation.outcome import FlagIdentity, Outcome
from mirante.evaluation.rollouts import compile_draw, compile_gate
from mirante.evaluation.steps import Step, Way, always, chain, fulfilled, gated, if_all, if_in_all, look_up, skip
from mirante.evaluation.violations import InvalidDefinition

_Else = TypeVar("_Else")

_TIMED = (Operator.BEFORE, Operator.AFTER, Operator.IN_SEGMENT)


class CompiledFlag:
    """
    A flag that can be evaluated: `decide(context, ruleset, now)` returns the outcome.

    `timed` says that the outcome may depend on `now`.
    """

    __slots__ = ("client_visible", "decide", "key", "timed", "type", "version")

    def __init__(self, flag: Flag) -> None:
        self.key = flag.key
        self.type = flag.type
        self.version = flag.version
        self.client_visible = flag.client_visible
        self.timed = _is_timed(flag)
        self.decide: Way[Outcome] = _Compiler(flag).decide()


class _Compiler:
    """Compiles one flag."""

    def __init__(self, flag: Flag) -> None:
        self._flag = flag
        self._identity = FlagIdentity(flag.key, flag.version, flag.variants)

    def decide(self) -> Way[Outcome]:
        flag = self._flag
        if flag.bucketing.hash_version != HASH_VERSION:
            raise InvalidDefinition([Violation("bucketing.hash_version", "this version knows 1 only")])
        if flag.killed or not flag.on:
            return always(self._off(Reason.KILLED if flag.killed else Reason.OFF))
        checks = [self._times(), self._prerequisites(), *self._targets()]
        steps = [
            *[check for check in checks if check is not None],
            *[self._rule(rule, skip) for rule in flag.rules[:-1]],
        ]
        static = not steps and not flag.rules
        last = self._fallthrough(static=static)
        if flag.rules:
            last = self._rule(flag.rules[-1], last)
        return chain(steps, last) if steps else last

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
        needed = tuple([fulfilled(prerequisite) for prerequisite in self._flag.prerequisites])
        return if_all(needed, skip, always(failed))

    def _targets(self) -> Iterator[Step]:
        """Yield one look-up for each run of targets of the same attribute, so that the first target still wins."""
        for attribute, targets in groupby(self._flag.targets, lambda target: target.attribute):
            outcomes: dict[str | None, Outcome] = {}
            for target in targets:
                outcome = self._outcome(Reason.TARGET, target.variant)
                for value in target.values:
                    outcomes.setdefault(value, outcome)
            yield look_up(attribute, outcomes)

    def _rule(self, rule: Rule, otherwise: Way[_Else]) -> Way[Outcome | _Else]:
        then: Way[Outcome | _Else] = self._serve(rule, otherwise)
        wanted = string_sets(rule.conditions)
        if wanted is not None:
            return if_in_all(wanted, then, otherwise)
        try:
            return if_all(all_of(rule.conditions), then, otherwise)
        except ValueError as error:
            raise InvalidDefinition([Violation(f"rules[{rule.id}].conditions", str(error))]) from None

    def _serve(self, rule: Rule, otherwise: Way[_Else]) -> Way[Outcome | _Else]:
        if not isinstance(rule.serve, Rollout):
            return always(self._outcome(Reason.RULE, rule.serve, rule.id))
        return self._share(rule.serve, rule.id, otherwise)

    def _fallthrough(self, *, static: bool) -> Way[Outcome]:
        serve = self._flag.fallthrough
        if not isinstance(serve, Rollout):
            return always(self._outcome(Reason.STATIC if static else Reason.FALLTHROUGH, serve))
        return self._share(serve, "", always(self._off(Reason.UNCOVERED)))

    def _share(self, rollout: Rollout, rule_id: str, uncovered: Way[_Else]) -> Way[Outcome | _Else]:
        bucketing = self._flag.bucketing
        draw = compile_draw(rollout, bucketing, lambda variant: self._outcome(Reason.SPLIT, variant, rule_id))
        takes_part = compile_gate(rollout, bucketing)
        return draw if takes_part is None else gated(takes_part, draw, uncovered)


def _is_timed(flag: Flag) -> bool:
    """Return whether the time may matter; what other flags and segments do is not looked at, so they may."""
    return (
        flag.starts_at is not None
        or flag.ends_at is not None
        or bool(flag.prerequisites)
        or any(condition.operator in _TIMED for rule in flag.rules for condition in rule.conditions)
    )
