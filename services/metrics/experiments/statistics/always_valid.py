"""
Tests that may be looked at any number of times: a normal mixture over the effect, whose settings are frozen at design.

Everything is a function of z, the difference in standard errors, and of the `mixture` r, which is

* tau^2 / V for the mixture SPRT with a fixed tau (Robbins 1970; Johari, Pekelis and Walsh 2015). V, the squared
  standard error, may shrink in any manner: allocations may be ramped. This one decides.
* rho^2 N for the asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476, equation 9). It is the same
  with tau^2 = rho^2 N V, which only holds for one allocation.

rho depends on alpha: both are frozen together, or p-value and interval disagree.
"""

import math
from dataclasses import dataclass

import numpy as np

from services.metrics.experiments.statistics.distributions import Real, normal_quantile, normal_tail, t_quantile, t_tail
from services.metrics.experiments.statistics.estimates import Difference
from services.metrics.experiments.statistics.intervals import EVERYTHING, Interval, around


def tightest_at(units: float, alpha: float) -> float:
    """
    Return the rho by which the sequence is tightest when both arms have `units` together.

    rho = sqrt((-2 ln alpha + ln(1 - 2 ln alpha)) / N*)

    Raises:
        ValueError: units that are not positive, or an alpha outside of (0, 1).
    """
    if not units > 0.0 or not math.isfinite(units):
        raise ValueError("units: are not positive")
    if not 0.0 < alpha < 1.0:
        raise ValueError("alpha: is not between 0 and 1")
    log = -2.0 * math.log(alpha)
    return math.sqrt((log + math.log1p(log)) / units)


def tightest_one_sided(units: float, alpha: float) -> float:
    """Return the rho of a one-sided bound, which is that of 2 alpha; raises as `tightest_at` does."""
    return tightest_at(units, 2.0 * alpha)


def frozen_tau(rho: float, spread: float, treatment_share: float = 0.5) -> float:
    """
    Return tau^2 to freeze at design: rho^2 sigma^2 (1 / w_t + 1 / w_c).

    `spread` is the planning variance of one unit, p (1 - p) for a proportion; w are the shares within the pair.

    Raises:
        ValueError: a spread that is not positive, or a share outside of (0, 1).
    """
    if not spread > 0.0 or not math.isfinite(spread):
        raise ValueError("spread: is not positive")
    if not 0.0 < treatment_share < 1.0:
        raise ValueError("treatment_share: is not between 0 and 1")
    return rho * rho * spread * (1.0 / treatment_share + 1.0 / (1.0 - treatment_share))


def p_value(z: Real, mixture: Real) -> Real:
    """Return min(1, sqrt(1 + r) exp(-r z^2 / (2 (1 + r)))): the inverse of the mixture's likelihood ratio."""
    log = 0.5 * np.log1p(mixture) - mixture * z * z / (2.0 * (1.0 + mixture))
    p: Real = np.exp(np.minimum(log, 0.0))
    return p


def boundary(mixture: Real, alpha: float) -> Real:
    """Return the z beyond which p is below alpha: sqrt(2 (1 + r) / r ln(sqrt(1 + r) / alpha))."""
    log = 0.5 * np.log1p(mixture) - math.log(alpha)
    z: Real = np.sqrt(2.0 * (1.0 + mixture) / mixture * log)
    return z


def one_sided_p_value(z: Real, mixture: Real) -> Real:
    """Return sqrt(1 + r) / (2 (exp(r z^2 / (2 (1 + r))) - 1)), at most 1, and 1 for z <= 0 (equation 134)."""
    exponent = mixture * np.maximum(z, 1e-9) ** 2 / (2.0 * (1.0 + mixture))
    log = 0.5 * np.log1p(mixture) - math.log(2.0) - exponent - np.log(-np.expm1(-exponent))
    p: Real = np.exp(np.minimum(log, 0.0))
    return p


def one_sided_boundary(mixture: Real, alpha: float) -> Real:
    """Return the z beyond which the one-sided p is below alpha: sqrt(2 (1 + r) / r ln(1 + sqrt(1 + r) / (2 alpha)))."""
    log = np.log1p(np.sqrt(1.0 + mixture) / (2.0 * alpha))
    z: Real = np.sqrt(2.0 * (1.0 + mixture) / mixture * log)
    return z


def normal_of_t(t: Real, freedom: float) -> Real:
    """
    Return the z that is as improbable as this t.

    With few units, tenants above all, a sequence over raw t values rejects too often.
    """
    z: Real = np.sign(t) * normal_quantile(np.maximum(t_tail(np.abs(t), freedom), 1e-300))
    return z


@dataclass(frozen=True, slots=True)
class Look:
    """What one look says: the p-value and the interval of the difference. Report them over all looks: `Running`."""

    p: float
    interval: Interval


def look(of: Difference, mixture: float, alpha: float, *, freedom: float | None = None) -> Look:
    """
    Return the always-valid p-value and interval of a difference.

    `freedom` is given for few units: the statistic is a t, and is transformed. Without variance (no conversions in
    either arm) there is no evidence: p is 1 and the interval is everything.

    Raises:
        ValueError: a mixture that is not positive.
    """
    if of.variance <= 0.0:
        return Look(1.0, EVERYTHING)
    if not mixture > 0.0:
        raise ValueError("mixture: is not positive")
    limit = boundary(mixture, alpha)
    if freedom is None:
        return Look(float(p_value(of.z, mixture)), around(of.value, float(limit) * of.error))
    limit = t_quantile(normal_tail(limit), freedom)
    return Look(float(p_value(normal_of_t(of.z, freedom), mixture)), around(of.value, float(limit) * of.error))


@dataclass(frozen=True, slots=True)
class Running:
    """
    What all looks together say: the smallest p-value, and the intersection of the intervals.

    Looks that a plan does not count yet (`Plan.counts`) must not be given to it.

    An empty intersection says that the effect itself has changed over time.
    """

    p: float = 1.0
    interval: Interval = EVERYTHING

    def after(self, seen: Look) -> "Running":
        """Return what is said after one more look."""
        lower = max(self.interval.lower, seen.interval.lower)
        upper = min(self.interval.upper, seen.interval.upper)
        return Running(min(self.p, seen.p), Interval(lower, upper))
