"""Many experiments at once: rows are runs, columns are looks, values are cumulative. Seeded, in numpy."""

import math
from dataclasses import dataclass

import numpy as np

from services.metrics.experiments.statistics.distributions import Array

LOOKS = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """Differences, their variances and the units of both arms, at every look of every run."""

    value: Array
    variance: Array
    units: Array

    @property
    def z(self) -> Array:
        """The differences in standard errors; 0 without variance."""
        safe = np.where(self.variance > 0.0, self.variance, 1.0)
        return np.where(self.variance > 0.0, self.value / np.sqrt(safe), 0.0)


def conversions(rng: np.random.Generator, share: float, *, runs: int, step: int, looks: int = LOOKS) -> Array:
    """Return cumulative conversions of an arm that gains `step` units a look."""
    return np.cumsum(rng.binomial(step, share, size=(runs, looks)), axis=1, dtype=np.float64)


def proportions(treatment: Array, control: Array, n_t: Array, n_c: Array) -> Seen:
    """Return the unpooled differences of proportions."""
    t, c = treatment / n_t, control / n_c
    return Seen(t - c, t * (1.0 - t) / n_t + c * (1.0 - c) / n_c, np.broadcast_to(n_t + n_c, t.shape))


def equal_arms(treatment: Array, control: Array, step: int) -> Seen:
    """Return the differences of two arms that gain `step` units a look each."""
    n = step * np.arange(1.0, treatment.shape[1] + 1.0)
    return proportions(treatment, control, n, n)


def ever(hits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Return the share of runs in which any look hit."""
    return float(hits.any(axis=1).mean())


def upper(share: float, runs: int) -> float:
    """Return a simulated share plus three of its standard errors."""
    return share + 3.0 * math.sqrt(share * (1.0 - share) / runs)


@dataclass(frozen=True, slots=True)
class TenantRuns:
    """Cumulative conversions and users of tenants (run, look, tenant), the first half of them in treatment."""

    conversions: Array
    users: Array


def tenants(rng: np.random.Generator, *, runs: int, looks: int, per_arm: int, step: int) -> TenantRuns:
    """Return tenants whose users are alike: shares are Beta(3.75, 26.25), an intracluster correlation of 1 / 31."""
    shares = rng.beta(3.75, 26.25, size=(runs, 1, 2 * per_arm))
    found = rng.binomial(step, np.broadcast_to(shares, (runs, looks, 2 * per_arm)))
    users = np.broadcast_to(step * np.arange(1.0, looks + 1.0)[None, :, None], found.shape)
    return TenantRuns(np.cumsum(found, axis=1, dtype=np.float64), users)


def by_tenant(given: TenantRuns) -> Seen:
    """Return the differences over tenants by the delta method; every tenant has as many users."""
    half = given.users.shape[2] // 2
    means, variances = [], []
    for arm in (slice(0, half), slice(half, None)):
        y, m = given.conversions[:, :, arm], given.users[:, :, arm]
        share = y.sum(axis=2) / m.sum(axis=2)
        residual = ((y - share[:, :, None] * m) ** 2).sum(axis=2)
        means.append(share)
        variances.append(half / (half - 1.0) * residual / m.sum(axis=2) ** 2)
    tenants_seen = np.full(means[0].shape, 2.0 * half)
    return Seen(means[0] - means[1], variances[0] + variances[1], tenants_seen)


def by_user(given: TenantRuns) -> Seen:
    """Return the differences as if every user had been drawn by lot."""
    half = given.users.shape[2] // 2
    t, c = given.conversions[:, :, :half].sum(axis=2), given.conversions[:, :, half:].sum(axis=2)
    return proportions(t, c, given.users[:, :, :half].sum(axis=2), given.users[:, :, half:].sum(axis=2))


RAMP = ((60, 5, 0.125), (60, 25, 0.14), (80, 50, 0.16))
"""Looks, units of treatment in each 100, and the share that converts in both arms: the baseline drifts."""


@dataclass(frozen=True, slots=True)
class Ramped:
    """The same runs, stratified by phase and pooled over phases, and the conversions of the smaller arm."""

    stratified: Seen
    pooled: Seen
    conversions: Array


def ramped(rng: np.random.Generator, *, runs: int) -> Ramped:
    """Return a ramp of 5, 25 and 50 % with a drifting baseline, without an effect; 100 units a look."""
    weights = np.zeros((runs, LOOKS))
    value, variance = weights.copy(), weights.copy()
    totals = [np.zeros((runs, LOOKS)) for _ in range(4)]
    first = 0
    for looks, of_treatment, share in RAMP:
        here = slice(first, first + looks)
        columns = []
        for step in (of_treatment, 100 - of_treatment):
            gained = np.zeros((runs, LOOKS))
            gained[:, here] = rng.binomial(step, share, size=(runs, looks))
            size = np.zeros(LOOKS)
            size[here] = step
            columns += [np.cumsum(gained, axis=1), np.broadcast_to(np.cumsum(size), (runs, LOOKS))]
        totals = [total + column for total, column in zip(totals, columns, strict=True)]
        k_t, n_t, k_c, n_c = (column[:, first:] for column in columns)
        seen = proportions(k_t, k_c, n_t, n_c)
        weight = n_t * n_c / (n_t + n_c)
        weights[:, first:] += weight
        value[:, first:] += weight * seen.value
        variance[:, first:] += weight * weight * seen.variance
        first += looks
    k_t, n_t, k_c, n_c = totals
    units = n_t + n_c
    by_phase = Seen(value / weights, variance / weights**2, units)
    return Ramped(by_phase, proportions(k_t, k_c, n_t, n_c), np.minimum(k_t, k_c))
