"""The pooled prior, learned from the states of tenants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.metrics.alerts.detection.expecting import WORKDAYS, alike, shape_of
from services.metrics.alerts.detection.prior import DAY, EVEN_PRIOR, FLAT_PRIOR, WEEK, Prior
from services.metrics.alerts.detection.settings import Kind
from services.metrics.alerts.detection.state import State

WEEKDAY_VARIANCE: Final = 0.02
"""
How much the same hour differs between the days from Monday to Friday (relative variance) while too little is known of
it.
"""
LEAST_VARIANCE: Final = 0.01
MOST_VARIANCE: Final = 2.0
LEAST_SHAPE: Final = 1e-3
LEAST_TENANTS: Final = 3
ROUNDS: Final = 3
USUAL_VARIANCE: Final = 0.1
DOUBTED_VARIANCE: Final = 0.3
DOUBTED_TENANTS: Final = 5
"""Few tenants do not show how much others may differ: it is as if so many had differed by this."""
GROUP_TRUST: Final = 0.25
_ALIKE: Final = [
    *map(alike, range(DAY)),
    *map(alike, range(WORKDAYS * DAY, WEEK)),
]


@dataclass(frozen=True, slots=True)
class _Found:
    """What tenants tell about an hour of the week: a mean of their ratios, and what it is worth."""

    ratio: float
    weight: float

    @property
    def total(self) -> float:
        """What it adds to a sum of weighted ratios."""
        return self.ratio * self.weight

    def and_more(self, weight: float, total: float) -> _Found:
        """Return the mean of this and of what adds so much."""
        both = self.weight + weight
        return _Found((self.total + total) / both if both else self.ratio, both)

    @classmethod
    def of(cls, found: Sequence[_Found]) -> _Found:
        """Return the mean of what was found."""
        return cls(0.0, 0.0).and_more(sum(each.weight for each in found), sum(each.total for each in found))


def learn_prior(states: Iterable[State], base: Prior = FLAT_PRIOR) -> Prior:
    """
    Return the prior out of the states of tenants, whatever they were judged with; where they are too few, `base`: the
    usual one of the kind.

    The tenants' own evidence alone counts, so that nothing is learned twice when it is done every day. How much they
    differ among each other (by moments) is how much a tenant may differ from the prior.
    """
    pool = [state for state in states if any(state.evidence)]
    if len(pool) < LEAST_TENANTS:
        return base
    shape, variances = list(base.shape), [USUAL_VARIANCE] * WEEK
    for _ in range(ROUNDS):
        shape, weights = _shape(pool, base, shape, variances)
        variances = _variances(pool, shape)
    mean = sum(shape) / WEEK
    return Prior(
        shape=tuple(max(each / mean, LEAST_SHAPE) for each in shape),
        strength=tuple(1.0 / (variance + 1.0 / each) for variance, each in zip(variances, weights, strict=True)),
        noise=max(sum(state.noise_sum for state in pool) / sum(state.noise_weight for state in pool), 0.0),
    )


def usual_prior(kind: Kind) -> Prior:
    """Return what is believed of a metric while nothing is known of other tenants."""
    return EVEN_PRIOR if kind is Kind.RATIO else FLAT_PRIOR


def adopt_prior(state: State, before: Prior, after: Prior) -> State:
    """
    Return a state that was judged with the prior `before` as it goes on with `after`: what it expects stays, in the
    mean.
    """
    old = new = 0.0
    for slot in range(WEEK):
        weight = state.evidence[2 * slot + 1]
        if weight:
            old += weight * shape_of(state, slot, before)[0]
            new += weight * shape_of(state, slot, after)[0]
    if not old or not new:
        return state
    scale = old / new
    evidence = state.evidence[:]
    for slot in range(WEEK):
        evidence[2 * slot] /= scale
    return replace(state, level=state.level * scale, evidence=evidence)


def _shape(
    pool: Sequence[State], base: Prior, before: Sequence[float], variances: Sequence[float]
) -> tuple[list[float], list[float]]:
    """
    Return shapes and what they are worth: those of an hour towards those of the same hour on other days of the kind.
    """
    found = [_found(pool, slot, before[slot], variances[slot]) for slot in range(WEEK)]
    shape, weights = [0.0] * WEEK, [0.0] * WEEK
    for same in _ALIKE:
        all_of_them = _Found.of([found[slot] for slot in same])
        for slot in same:
            own, known = found[slot], _Found(base.shape[slot], base.strength[slot])
            if len(same) > 1:
                known = known.and_more(all_of_them.weight - own.weight, all_of_them.total - own.total)
                known = _Found(known.ratio, 1.0 / (1.0 / known.weight + WEEKDAY_VARIANCE))
            known = known.and_more(own.weight, own.total)
            shape[slot], weights[slot] = known.ratio, known.weight
    return shape, weights


def _found(pool: Sequence[State], slot: int, shape: float, variance: float) -> _Found:
    total = weights = 0.0
    for state in pool:
        exposure = state.evidence[2 * slot + 1]
        if exposure:
            weight = 1.0 / (1.0 / (exposure * shape) + variance)
            total += weight * state.evidence[2 * slot] / exposure
            weights += weight
    return _Found(total / weights if weights else 1.0, weights)


def _variances(pool: Sequence[State], shape: Sequence[float]) -> list[float]:
    """
    The method of moments: by how much more tenants differ than the chance of their own hours lets them, hour by hour.

    From Monday to Friday an hour is taken together. Each is shrunk towards all of the week.
    """
    groups = [_differences(pool, shape, same) for same in _ALIKE]
    usual = sum(group.weight for group in groups) / len(groups) * GROUP_TRUST
    overall = _Found.of(groups)
    variances = [0.0] * WEEK
    for same, group in zip(_ALIKE, groups, strict=True):
        known = _Found(overall.ratio, usual).and_more(group.weight, group.total)
        for slot in same:
            variances[slot] = known.ratio
    few = DOUBTED_TENANTS / (DOUBTED_TENANTS + len(pool))
    return [min(max((1.0 - few) * each + few * DOUBTED_VARIANCE, LEAST_VARIANCE), MOST_VARIANCE) for each in variances]


def _differences(pool: Sequence[State], shape: Sequence[float], slots: Sequence[int]) -> _Found:
    excess = weights = 0.0
    for state in pool:
        for slot in slots:
            known = state.evidence[2 * slot + 1] * shape[slot]
            if known:
                ratio = state.evidence[2 * slot] / known
                # What is known very well tells no more about the differences than what is known well.
                share = known / (1.0 + known * USUAL_VARIANCE) ** 2
                excess += share * (known * (ratio - 1.0) ** 2 - 1.0)
                weights += share * known
    return _Found(excess / weights if weights else 0.0, weights)
