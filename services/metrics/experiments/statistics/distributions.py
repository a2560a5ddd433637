"""The distributions that the tests need, typed, for numbers and for arrays alike. Nothing else imports scipy."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Array: TypeAlias = NDArray[np.float64]
Real = TypeVar("Real", float, Array)


def _plain(value: Real) -> Real:
    """Numbers of numpy are made Python's own, so that what is compared with them is a bool."""
    return value if isinstance(value, np.ndarray) else float(value)


def normal_tail(z: Real) -> Real:
    """Return P(Z > z) of the standard normal."""
    value: Real = _plain(special.ndtr(-z))
    return value


def normal_quantile(tail: Real) -> Real:
    """Return the z with P(Z > z) = `tail`."""
    value: Real = _plain(-special.ndtri(tail))
    return value


def t_tail(t: Real, freedom: float) -> Real:
    """Return P(T > t) of Student's t with `freedom` degrees, which need not be whole."""
    value: Real = _plain(special.stdtr(freedom, -t))
    return value


def t_quantile(tail: Real, freedom: float) -> Real:
    """Return the t with P(T > t) = `tail`."""
    value: Real = _plain(-special.stdtrit(freedom, tail))
    return value


def noncentral_t_tail(t: float, freedom: float, centre: float) -> float:
    """Return P(T > t) of the noncentral t."""
    return 1.0 - float(special.nctdtr(freedom, centre, t))


def chi_square_tail(x: Real, freedom: int) -> Real:
    """Return P(X > x) of the chi-square distribution."""
    value: Real = _plain(special.chdtrc(freedom, x))
    return value


def log_gamma(x: Array) -> Array:
    """Return ln Gamma(x)."""
    value: Array = special.gammaln(x)
    return value


def log_beta(a: float, b: float) -> float:
    """Return ln B(a, b)."""
    return float(special.betaln(a, b))


def beta_share(a: float, b: float, x: Array) -> Array:
    """Return P(X <= x) of Beta(a, b)."""
    share: Array = special.betainc(a, b, x)
    return share


def beta_rest(a: float, b: float, x: Array) -> Array:
    """Return P(X > x) of Beta(a, b)."""
    rest: Array = special.betaincc(a, b, x)
    return rest


def beta_range(a: float, b: float, outside: float) -> tuple[float, float]:
    """Return the range that leaves `outside` of Beta(a, b) on either side."""
    return float(special.betaincinv(a, b, outside)), float(special.betainccinv(a, b, outside))


def fisher_exact(table: tuple[tuple[int, int], tuple[int, int]]) -> float:
    """Return the two-sided p-value of Fisher's exact test."""
    return float(stats.fisher_exact(table).pvalue)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """
    Return where a continuous function of one number crosses zero (Brent's method).

    Raises:
        ValueError: it has the same sign at both ends.
    """
    return float(optimize.brentq(function, low, high, xtol=1e-12, rtol=1e-12))
