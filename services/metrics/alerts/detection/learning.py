"""What an hour teaches."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Final

from services.metrics.alerts.detection.calendars import Slot
from services.metrics.alerts.detection.expecting import (
    LEAST_MEAN,
    WORKDAYS,
    Expectation,
    alike,
    shape_of,
    unit_of,
)
from services.metrics.alerts.detection.prior import DAY
from services.metrics.alerts.detection.settings import Kind, Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation

MOST_SURPRISE: Final = 3.0
"""An hour that alarms teaches at most three times, and at least a third, of what was expected ..."""
SURPRISE_WEIGHT: Final = 0.1
"""... and with a tenth of the weight of another."""
NEW_NORMAL: Final = 12.0
"""After so many unusual hours of business what was unusual is what is expected."""
NEW_PRECISION: Final = 4.0
REPEATED: Final = 3
"""After so many days in a row on which an hour did not fit, its shape is what is wrong."""
ANEW_MEMORY: Final = 0.3
NOISE_MEMORY: Final = 0.998
NOISE_TRUST: Final = 100.0
"""What the noise that a tenant begins with is worth, in units of the weight of what it learns."""
UNIT_MEMORY: Final = 0.995
SHAPE_MEMORY: Final = 0.93
MINUTES: Final = 60


def first_day(state: State, slot: Slot, value: float, observation: Observation, settings: Settings) -> State:
    """Return the state after an hour of the first day, which only the level is learned from."""
    shape, doubt = shape_of(state, slot.index, settings.prior)
    state = with_unit(state, observation, settings.kind, 1.0)
    unit = unit_of(state, settings.kind)
    weight = shape * (observation.of if settings.kind is Kind.RATIO else 1.0)
    exposure = state.exposure + weight
    # Half an event, so that nothing at all is not taken for certain.
    total = state.level * (state.exposure + 0.5) + value if state.hours else 0.5 * unit + value
    level = total / (exposure + 0.5)
    mean = max(level * weight / unit, LEAST_MEAN)
    noise = settings.prior.noise
    return replace(
        state,
        level=level,
        exposure=exposure,
        precision=(state.precision if state.hours else 0.5) + 1.0 / (1.0 / mean + noise + doubt),
        noise_sum=noise * NOISE_TRUST,
        noise_weight=NOISE_TRUST,
    )


def with_unit(state: State, observation: Observation, kind: Kind, weight: float) -> State:
    """Return a state that has learned from the minutes of an hour how large the sales of a sum are, and how many."""
    total = float(observation.value)
    if kind is not Kind.SUM or total <= 0.0 or not observation.squares:
        return state
    variance = max(observation.squares - total * total / MINUTES, 0.0) * MINUTES / (MINUTES - 1)
    return replace(
        state,
        unit_sum=UNIT_MEMORY * state.unit_sum + weight * variance,
        unit_weight=UNIT_MEMORY * state.unit_weight + weight * total,
        minutes=UNIT_MEMORY * state.minutes + weight * observation.minutes,
    )


def later(
    state: State, slot: Slot, observation: Observation, expected: Expectation, settings: Settings, *, fired: bool
) -> State:
    """
    Return the state after a judged hour. One that `fired` teaches little, because most are not how things are.

    But when a tenant goes on to be different for long, its level is learned anew; and when the same hour does not fit
    on one day after the other, the shape of that hour.
    """
    family, mean, value = expected.family, expected.mean, max(float(observation.value), 0.0)
    weight, taught, precision = 1.0, value, 1.0 / expected.level_doubt
    unusual = state.unusual + 1.0 if fired else max(state.unusual - expected.shape, 0.0)
    if fired and unusual < NEW_NORMAL:
        weight = SURPRISE_WEIGHT
        taught = min(max(value, mean / MOST_SURPRISE), mean * MOST_SURPRISE)
    elif fired:
        unusual, precision = 0.0, min(precision, NEW_PRECISION)
    state = with_unit(state, observation, settings.kind, weight)
    state = _with_noise(state, taught / expected.unit, expected, settings, weight)
    gain = weight / (family.chance + family.spread + expected.shape_doubt)
    precision += gain
    change = 1.0 + gain / precision * (taught / mean - 1.0)
    state = replace(state, level=expected.level * change, precision=precision * change, unusual=unusual)
    if slot.holiday:
        return state
    repeats, often = _with_repeat(state.repeats, slot.index, fired * (1 if value > mean else -1))
    anew = often >= REPEATED
    if anew:
        weight, taught = 1.0, value
    gain = weight / (family.chance + family.spread + 1.0 / state.precision) / expected.shape
    evidence = _with_evidence(state.evidence, slot.index, expected.shape * taught / mean / change, gain, anew=anew)
    return replace(state, repeats=repeats, evidence=evidence)


def with_gap(state: State, value: float, expected: Expectation, elapsed: float = 1.0) -> State:
    """Return a state that knows how much was expected since something happened; of an hour `elapsed` is over."""
    if value > 0.0:
        if not state.gap_expected:
            return state
        return replace(state, gap_expected=0.0, gap_noisy=0.0, gap_doubt=0.0)
    family = expected.silent
    silence = elapsed * family.silence
    return replace(
        state,
        gap_expected=state.gap_expected + elapsed * family.mean,
        gap_noisy=state.gap_noisy + silence,
        gap_doubt=state.gap_doubt + silence * family.doubt,
    )


def _with_noise(state: State, x: float, expected: Expectation, settings: Settings, weight: float) -> State:
    """
    The method of moments: each hour weighted by what it tells about the noise, and the doubt about the mean taken
    off.
    """
    family = expected.family
    lever, chance = family.lever, family.chance
    doubted = family.doubt / chance
    excess = ((x - family.mean) / family.mean) ** 2 / chance - 1.0 - doubted
    share = weight * lever / (1.0 + lever * family.noise + doubted) ** 2
    kept, rest = NOISE_MEMORY, (1.0 - NOISE_MEMORY) * NOISE_TRUST
    return replace(
        state,
        noise_sum=kept * state.noise_sum + rest * settings.prior.noise + share * excess,
        noise_weight=kept * state.noise_weight + rest + share * lever,
    )


def _with_repeat(repeats: array[int], slot: int, sign: int) -> tuple[array[int], int]:
    """
    Return the repeats after an hour that fitted (0), was too high (1) or too low (-1), and on how many days it has
    been so.
    """
    weekday, hour = divmod(slot, DAY)
    at = max(weekday - WORKDAYS + 1, 0) * DAY + hour
    before = repeats[at]
    after = sign * min(before * sign + 1, REPEATED) if before * sign > 0 else sign
    if after != before:
        repeats = repeats[:]
        repeats[at] = after
    return repeats, abs(after)


def _with_evidence(evidence: array[float], slot: int, ratio: float, gain: float, *, anew: bool) -> array[float]:
    """
    `ratio` is the hour's value over the new level; `anew` says that what was known of the hour does not hold any
    more.
    """
    evidence = evidence[:]
    if anew:
        for same in alike(slot):
            evidence[2 * same] *= ANEW_MEMORY
            evidence[2 * same + 1] *= ANEW_MEMORY
    evidence[2 * slot] = SHAPE_MEMORY * evidence[2 * slot] + gain * ratio
    evidence[2 * slot + 1] = SHAPE_MEMORY * evidence[2 * slot + 1] + gain
    return evidence
