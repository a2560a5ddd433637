"""What is expected of an hour, from everything known before it."""

from dataclasses import dataclass
from typing import Final

from services.metrics.alerts.detection.calendars import Slot
from services.metrics.alerts.detection.families import Counted, Family, Shared
from services.metrics.alerts.detection.prior import DAY, FLAT_PRIOR, Prior
from services.metrics.alerts.detection.settings import Kind, Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation

LEAST_MEAN: Final = 0.02
LEAST_SHARE: Final = 1e-4
LEAST_NOISE: Final = 0.02
LEAST_RATIO_NOISE: Final = 0.002
MOST_NOISE: Final = 1.0
DRIFT: Final = 1e-4
"""Relative variance that the level gains an hour: it may move by 5 % a day."""
HOLIDAY_DOUBT: Final = 0.5
"""Relative variance: some trade on a holiday and some do not."""
COMMON: Final = 0.7
"""
How much of the variance of a tenant's straying from the prior its hours have in common from Monday to Friday ...
"""
MOST_OWN: Final = 0.05
"""... and the most that is left to each: the days of one tenant are more alike than tenants are."""
WORKDAYS: Final = 5
OWN_HOUR: Final = 100
"""
Added to the repeats of an hour in which a tenant has proved to be unlike the others: the prior says nothing about it.
"""


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    `mean` is in the units of the metric, and so is `level`; `family` counts in units of `unit`, `silent` what gaps
    are held against.
    """

    mean: float
    level: float
    shape: float
    level_doubt: float
    shape_doubt: float
    unit: float
    family: Family
    silent: Family


def expect(state: State, slot: Slot, observation: Observation, settings: Settings) -> Expectation:
    """Return what is expected. Of the observation only what a ratio is divided by is looked at."""
    shape, shape_doubt = shape_of(state, slot.index, settings.prior)
    if slot.holiday:
        shape_doubt += HOLIDAY_DOUBT
    level_doubt = 1.0 / state.precision + DRIFT
    noise = noise_of(state, settings.kind)
    doubt = level_doubt + shape_doubt
    family: Family
    silent: Family
    if settings.kind is Kind.RATIO:
        share = min(max(state.level * shape, LEAST_SHARE), 1.0 - LEAST_SHARE)
        mean, unit = share * observation.of, 1.0
        silent = family = Shared(mean, noise, doubt, observation.of)
    else:
        unit = unit_of(state, settings.kind)
        mean = max(state.level * shape, LEAST_MEAN * unit)
        silent = family = Counted(mean / unit, noise, doubt)
        if settings.kind is Kind.SUM and state.minutes:
            silent = Counted(mean * state.minutes / state.unit_weight, noise, doubt)
    return Expectation(mean, state.level, shape, level_doubt, shape_doubt, unit, family, silent)


def shape_of(state: State, slot: int, prior: Prior) -> tuple[float, float]:
    """
    Return the shape of an hour of the week, and its relative variance: mean and variance of a Gamma.

    The prior is corrected by how this hour differs from it on the other days from Monday to Friday, and this by what
    the hour itself has shown.
    """
    evidence, of = state.evidence, prior if state.repeats[repeat_at(slot)] < OWN_HOUR // 2 else FLAT_PRIOR
    shape, trust = of.shape[slot], of.strength[slot]
    if slot < WORKDAYS * DAY:
        own = min((1.0 - COMMON) / trust, MOST_OWN)
        seen = expected = 1.0 / (1.0 / trust - own)
        for other in alike(slot):
            if other != slot:
                seen += evidence[2 * other]
                expected += evidence[2 * other + 1] * of.shape[other]
        shape *= seen / expected
        trust = 1.0 / (1.0 / seen + own)
    seen = trust + evidence[2 * slot]
    return seen / (trust / shape + evidence[2 * slot + 1]), 1.0 / seen


def alike(slot: int) -> range:
    """
    Return the hours of the week that have something in common with one, itself among them: from Monday to Friday.
    """
    return range(slot % DAY, WORKDAYS * DAY, DAY) if slot < WORKDAYS * DAY else range(slot, slot + 1)


def repeat_at(slot: int) -> int:
    """Return where the repeats of an hour of the week stand: those from Monday to Friday are together."""
    weekday, hour = divmod(slot, DAY)
    return max(weekday - WORKDAYS + 1, 0) * DAY + hour


def noise_of(state: State, kind: Kind) -> float:
    """
    Return 1/k (of ratios the correlation): never so small that a tenant that was regular for weeks alarms at every
    breath.
    """
    least = LEAST_RATIO_NOISE if kind is Kind.RATIO else LEAST_NOISE
    return min(max(state.noise_sum / state.noise_weight, least), MOST_NOISE)


def unit_of(state: State, kind: Kind) -> float:
    """Return in what amounts a metric counts: of sums the effective amount of a sale."""
    if kind is not Kind.SUM or not state.unit_weight:
        return 1.0
    if not state.unit_sum:
        return state.unit_weight / state.minutes
    return state.unit_sum / state.unit_weight
