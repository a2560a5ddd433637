"""Tail probabilities of the negative binomial and the Beta-Binomial, in plain Python."""

import math
from typing import Final

MOST_TRIALS: Final = 5_000
"""More trials tell no more than so many would: it bounds the work, and the error is on the careful side."""

_TINY: Final = 1e-300
_PRECISION: Final = 1e-12
_MOST_TERMS: Final = 10_000


def at_most(x: float, mean: float, k: float) -> float:
    """
    Return P(X <= x) of the negative binomial with this mean and size k, whose variance is mean + mean^2 / k.

    It is a regularised incomplete beta function, by which x need not be whole.
    """
    return _beta_share(k, x + 1.0, k / (k + mean))


def at_least(x: float, mean: float, k: float) -> float:
    """Return P(X >= x) of the negative binomial."""
    return 1.0 if x <= 0.0 else _beta_share(x, k, mean / (k + mean))


def ratio_at_most(x: float, trials: int, share: float, concentration: float) -> float:
    """Return P(X <= x) of the Beta-Binomial with this mean share and concentration (alpha + beta)."""
    if x >= trials:
        return 1.0
    return ratio_at_least(trials - x, trials, 1.0 - share, concentration)


def ratio_at_least(x: float, trials: int, share: float, concentration: float) -> float:
    """Return P(X >= x) of the Beta-Binomial: the terms are added up outwards until they add nothing."""
    if trials > MOST_TRIALS:
        x, trials = x * MOST_TRIALS / trials, MOST_TRIALS
    first = math.ceil(x - 1e-9)
    if first <= 0:
        return 1.0
    if first > trials:
        return 0.0
    alpha, beta = share * concentration, (1.0 - share) * concentration
    term = math.exp(
        _log_choose(trials, first)
        + _log_beta(first + alpha, trials - first + beta)
        - _log_beta(alpha, beta)
    )  # fmt: skip
    total = term
    for i in range(first, trials):
        term *= (trials - i) / (i + 1) * (i + alpha) / (trials - i - 1 + beta)
        total += term
        if term < total * _PRECISION:
            break
    return min(total, 1.0)


def ratio_silence(trials: int, share: float, concentration: float) -> float:
    """Return -log P(X = 0) of the Beta-Binomial."""
    alpha, beta = share * concentration, (1.0 - share) * concentration
    return _log_beta(alpha, beta) - _log_beta(alpha, beta + trials)


def _log_choose(n: int, m: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), on the side where its fraction converges fast."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b))
    if x <= (a + 1.0) / (a + b + 2.0):
        return min(front * _fraction(a, b, x) / a, 1.0)
    return max(1.0 - front * _fraction(b, a, 1.0 - x) / b, 0.0)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by the modified method of Lentz."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for step in (even, odd):
            d = 1.0 + step * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + step / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return value
