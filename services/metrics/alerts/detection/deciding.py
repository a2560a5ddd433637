"""What is said about an hour of which something was expected."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.metrics.alerts.detection.expecting import Expectation
from services.metrics.alerts.detection.sensitivities import sensitivity_of
from services.metrics.alerts.detection.settings import Direction, Settings
from services.metrics.alerts.detection.state import Gap, State
from services.metrics.alerts.detection.verdicts import Observation, Rule, Verdict

LEAST_GAP_DOUBT: Final = 0.02


@dataclass(frozen=True, slots=True)
class Decision:
    """`fired` says that the hour is unusual, also when it is too small to be told. `streak` is that of the state."""

    verdict: Verdict
    fired: bool
    streak: float


def decide(
    state: State,
    gap: Gap,
    hour: datetime,
    observation: Observation,
    expected: Expectation,
    *,
    settings: Settings,
    complete: bool = True,
) -> Decision:
    """
    Return what is said about an hour, which `gap` includes. One that is not complete cannot be too low.
    """
    sensitivity = settings.sensitivity or sensitivity_of(state, settings)
    value = max(float(observation.value), 0.0)
    family, x = expected.family, value / expected.unit
    above = x >= family.mean
    tail = family.at_least(x) if above else family.at_most(x) if complete else 1.0
    silence, level = gap_probability(gap), sensitivity.point / 2.0
    surprising, silent = tail < level, silence < sensitivity.gap
    streak = (max(state.streak, 0.0) + 1.0 if above else min(state.streak, 0.0) - 1.0) if surprising else 0.0
    told = surprising and abs(streak) >= settings.persistence and _large(value, expected, settings)
    rule = _rule(settings.direction, told=told, above=above, silent=silent)
    verdict = Verdict(
        hour=hour,
        kind=settings.kind,
        value=observation.value,
        of=observation.of,
        expected=expected.mean,
        k=family.k,
        probability=silence if rule is Rule.GAP else tail,
        rule=rule,
        alarming=rule is not Rule.NONE,
        normal=tail >= level * sensitivity.close and silence >= sensitivity.gap * sensitivity.close,
        unit=expected.unit,
        level=level,
        expected_gap=gap.expected,
    )
    return Decision(verdict, surprising or silent, streak)


def not_judged(hour: datetime, observation: Observation, settings: Settings, rule: Rule) -> Verdict:
    """Return the verdict about an hour of which nothing was expected."""
    return Verdict(
        hour=hour,
        kind=settings.kind,
        value=observation.value,
        of=observation.of,
        expected=0.0,
        k=0.0,
        probability=1.0,
        rule=rule,
        alarming=False,
        normal=False,
    )


def gap_probability(gap: Gap) -> float:
    """
    Return the probability of no event at all while so many were expected; 1 when there is no gap.

    Each hour has its own noise, and all of them share one doubt about level and shape.
    """
    if not gap.noisy:
        return 1.0
    doubt = max(gap.doubt / gap.noisy, LEAST_GAP_DOUBT)
    return math.exp(-math.log1p(gap.noisy * doubt) / doubt)


def _large(value: float, expected: Expectation, settings: Settings) -> bool:
    distance = abs(value - expected.mean)
    return distance >= settings.minimum_count * expected.unit and distance >= settings.minimum_share * expected.mean


def _rule(direction: Direction, *, told: bool, above: bool, silent: bool) -> Rule:
    if told and above:
        return Rule.NONE if direction is Direction.DOWN else Rule.ABOVE
    if direction is Direction.UP:
        return Rule.NONE
    if silent:
        return Rule.GAP
    return Rule.BELOW if told else Rule.NONE
