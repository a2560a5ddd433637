"""What an hour teaches."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Final

from services.metrics.alerts.detection.calendars import Slot
from services.metrics.alerts.detection.expecting import (
    LEAST_MEAN,
    OWN_HOUR,
    Expectation,
    alike,
    repeat_at,
    shape_of,
    unit_of,
)
from services.metrics.alerts.detection.families import Family
from services.metrics.alerts.detection.settings import Kind, Settings
from services.metrics.alerts.detection.state import NO_GAP, Gap, State
from services.metrics.alerts.detection.verdicts import Observation

MOST_SURPRISE: Final = 3.0
"""An hour that alarms teaches at most three times, and at least a third, of what was expected ..."""
SURPRISE_WEIGHT: Final = 0.1
"""... and with a tenth of the weight of another."""
NEW_NORMAL: Final = 12.0
"""After so many unusual hours of business what was unusual is what is expected ..."""
NEW_SILENCE: Final = 60.0
"""... but silence only after so many: when a long outage is over, what was usual before it is usual again."""
LONE: Final = 3.0
"""Only what is unusual for at most so many hours of a day can be a matter of those hours."""
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


def first_day(state: State, slot: Slot, observation: Observation, settings: Settings) -> State:
    """Return the state after an hour of the first day, from which only the level is learned."""
    value = max(float(observation.value), 0.0)
    shape, doubt = shape_of(state, slot.index, settings.prior)
    unit_sum, unit_weight, minutes = _unit(state, observation, settings.kind, 1.0)
    state = replace(state, unit_sum=unit_sum, unit_weight=unit_weight, minutes=minutes)
    unit = unit_of(state, settings.kind)
    weight = shape * (observation.of if settings.kind is Kind.RATIO else 1.0)
    exposure = state.exposure + weight
    # Half an event, so that nothing at all is not taken for certain.
    total = state.level * (state.exposure + 0.5) if state.hours else 0.5 * unit
    level = (total + value) / (exposure + 0.5)
    mean = max(level * weight / unit, LEAST_MEAN)
    noise = settings.prior.noise
    return replace(
        state,
        hours=state.hours + 1,
        level=level,
        exposure=exposure,
        precision=(state.precision if state.hours else 0.5) + 1.0 / (1.0 / mean + noise + doubt),
        noise_sum=noise * NOISE_TRUST,
        noise_weight=NOISE_TRUST,
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
    unusual = state.unusual + min(expected.shape, 1.0) if fired else max(state.unusual - expected.shape, 0.0)
    if fired and unusual < (NEW_NORMAL if value else NEW_SILENCE):
        weight = SURPRISE_WEIGHT
        taught = min(max(value, mean / MOST_SURPRISE), mean * MOST_SURPRISE)
    elif fired:
        unusual, precision = 0.0, min(precision, NEW_PRECISION)
    noise_sum, noise_weight = _noise(state, taught / expected.unit, family, settings, weight)
    unit_sum, unit_weight, minutes = _unit(state, observation, settings.kind, weight)
    gain = weight / (family.chance + family.spread + expected.shape_doubt)
    precision += gain
    change = 1.0 + gain / precision * (taught / mean - 1.0)
    precision *= change
    repeats, evidence = state.repeats, state.evidence
    if not slot.holiday:
        anew = False
        if not fired or state.unusual < LONE:
            repeats, anew = _repeated(repeats, slot.index, fired * (1 if value > mean else -1))
        if anew:
            weight, taught = 1.0, value
        gain = weight / (family.chance + family.spread + 1.0 / precision) / expected.shape
        evidence = _taught(evidence, slot.index, expected.shape * taught / mean / change, gain, anew=anew)
    return replace(
        state,
        hours=state.hours + 1,
        level=expected.level * change,
        precision=precision,
        noise_sum=noise_sum,
        noise_weight=noise_weight,
        unit_sum=unit_sum,
        unit_weight=unit_weight,
        minutes=minutes,
        unusual=unusual,
        repeats=repeats,
        evidence=evidence,
    )


def longer(gap: Gap, observation: Observation, expected: Expectation, elapsed: float = 1.0) -> Gap:
    """Return the gap after an hour of which `elapsed` is over."""
    if observation.value > 0:
        return NO_GAP
    family = expected.silent
    silence = elapsed * family.silence
    return Gap(gap.expected + elapsed * family.mean, gap.noisy + silence, gap.doubt + silence * family.doubt)


def _unit(state: State, observation: Observation, kind: Kind, weight: float) -> tuple[float, float, float]:
    """How large the sales of a sum are, and how many, after an hour: from what differs between its minutes."""
    total = float(observation.value)
    if kind is not Kind.SUM or total <= 0.0 or not observation.squares:
        return state.unit_sum, state.unit_weight, state.minutes
    variance = max(observation.squares - total * total / MINUTES, 0.0) * MINUTES / (MINUTES - 1)
    return (
        UNIT_MEMORY * state.unit_sum + weight * variance,
        UNIT_MEMORY * state.unit_weight + weight * total,
        UNIT_MEMORY * state.minutes + weight * observation.minutes,
    )


def _noise(state: State, x: float, family: Family, settings: Settings, weight: float) -> tuple[float, float]:
    """
    The method of moments: each hour weighted by what it tells about the noise, and without the doubt about the mean.

    What is forgotten goes back to what the tenant began with.
    """
    lever, chance = family.lever, family.chance
    doubted = family.doubt / chance
    excess = ((x - family.mean) / family.mean) ** 2 / chance - 1.0 - doubted
    share = weight * lever / (1.0 + lever * family.noise + doubted) ** 2
    back = (1.0 - NOISE_MEMORY) * NOISE_TRUST
    return (
        NOISE_MEMORY * state.noise_sum + back * settings.prior.noise + share * excess,
        NOISE_MEMORY * state.noise_weight + back + share * lever,
    )


def _repeated(repeats: array[int], slot: int, sign: int) -> tuple[array[int], bool]:
    """
    Return the repeats after an hour that fitted (0), was too high (1) or too low (-1), and whether it has to be learned
    anew.
    """
    at = repeat_at(slot)
    own = OWN_HOUR if repeats[at] >= OWN_HOUR // 2 else 0
    before = (repeats[at] - own) * sign
    after = sign * (before + 1) if before > 0 else sign
    anew = abs(after) >= REPEATED
    # The next day on which it does not fit either is one on which it is learned anew again.
    found = OWN_HOUR + sign * (REPEATED - 1) if anew else own + after
    if found != repeats[at]:
        repeats = repeats[:]
        repeats[at] = found
    return repeats, anew


def _taught(evidence: array[float], slot: int, ratio: float, gain: float, *, anew: bool) -> array[float]:
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
