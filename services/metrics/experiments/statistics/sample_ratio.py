"""Sample-ratio mismatch: whether the arms got the shares that were planned. If not, nothing else can be believed."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from services.metrics.experiments.statistics.distributions import Array, chi_square_tail, log_gamma
from services.metrics.experiments.statistics.fixed_horizon import Test

ALARM: Final = 0.001
CONCENTRATION: Final = 100.0
FEWEST_UNITS: Final = 8
"""In each arm, before the chi-square says anything."""


def chi_square(counts: Sequence[int], weights: Sequence[float]) -> Test:
    """
    Return Pearson's test of the counts against planned weights. It holds for a single look: the final report.

    Raises:
        ValueError: not one count and one positive weight for each of at least two arms.
    """
    shares, seen = _checked(counts, weights)
    total = float(seen.sum())
    if not total:
        return Test(0.0, 1.0)
    expected = shares * total
    value = float(((seen - expected) ** 2 / expected).sum())
    return Test(value, chi_square_tail(value, len(counts) - 1))


def log_bayes_factor(counts: Array, weights: Array, concentration: float = CONCENTRATION) -> Array:
    """
    Return the logarithm of the Dirichlet-multinomial Bayes factor against the weights, over the last axis of counts.

    ln B = lnG(k) - lnG(k + n) + sum(lnG(k w_i + x_i) - lnG(k w_i)) - sum(x_i ln w_i) (Lindon and Malek, arXiv
    2011.03567). Weights are shares that add up to 1.
    """
    prior = concentration * weights
    total = counts.sum(axis=-1)
    arms = log_gamma(prior + counts) - log_gamma(prior) - counts * np.log(weights)
    edge: Array = math.lgamma(concentration) - log_gamma(concentration + total)
    factor: Array = edge + arms.sum(axis=-1)
    return factor


def running_p(counts: Sequence[int], weights: Sequence[float], concentration: float = CONCENTRATION) -> float:
    """
    Return the p-value min(1, 1 / B) of one look; the smallest of all looks is valid: for monitoring.

    Raises:
        ValueError: as `chi_square` does.
    """
    shares, seen = _checked(counts, weights)
    return math.exp(min(0.0, -float(log_bayes_factor(seen, shares, concentration))))


def _checked(counts: Sequence[int], weights: Sequence[float]) -> tuple[Array, Array]:
    if len(counts) != len(weights) or len(counts) < 2:
        raise ValueError("weights: are not one for each of at least two arms")
    if any(count < 0 for count in counts):
        raise ValueError("counts: one is negative")
    if not all(weight > 0.0 and math.isfinite(weight) for weight in weights):
        raise ValueError("weights: one is not positive")
    shares = np.array(weights, dtype=np.float64)
    return shares / shares.sum(), np.array(counts, dtype=np.float64)
