"""Bayesian numbers for display. They are no ground for a decision: looked at daily they mislead as a z test does."""

import math
from typing import Final

import numpy as np

from services.metrics.experiments.statistics.distributions import Array, beta_range, beta_rest, beta_share, log_beta
from services.metrics.experiments.statistics.sums import Sums

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_OUTSIDE: Final = 1e-15


def chance_to_win(treatment: Sums, control: Sums) -> float:
    """Return P(p_t > p_c) = integral of f_t F_c, with flat priors."""
    (a, b), (c, d) = _posterior(treatment), _posterior(control)
    x, weights = _nodes(*beta_range(a, b, _OUTSIDE))
    density = np.exp((a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x) - log_beta(a, b))
    return float((weights * density * beta_share(c, d, x)).sum())


def expected_loss(treatment: Sums, control: Sums) -> float:
    """Return E[max(p_c - p_t, 0)], what shipping loses on average: integral of (1 - F_c) F_t, with flat priors."""
    (a, b), (c, d) = _posterior(treatment), _posterior(control)
    low, high = beta_range(a, b, _OUTSIDE)[0], beta_range(c, d, _OUTSIDE)[1]
    if low >= high:
        return 0.0
    x, weights = _nodes(low, high)
    return float((weights * beta_rest(c, d, x) * beta_share(a, b, x)).sum())


def _posterior(arm: Sums) -> tuple[float, float]:
    if arm.y != arm.yy or not 0.0 <= arm.y <= arm.units or not math.isfinite(arm.y):
        raise ValueError("y: is no number of units that converted")
    return 1.0 + arm.y, 1.0 + arm.units - arm.y


def _nodes(low: float, high: float) -> tuple[Array, Array]:
    half = (high - low) / 2.0
    return low + half * (_NODES + 1.0), half * _WEIGHTS
