"""Tests and intervals that hold for one look, at a size that was fixed before. Looked at daily they lie."""

import math
from dataclasses import dataclass

from services.metrics.experiments.statistics.distributions import (
    chi_square_tail,
    fisher_exact,
    normal_quantile,
    normal_tail,
    t_quantile,
    t_tail,
)
from services.metrics.experiments.statistics.estimates import Difference, Estimate, difference
from services.metrics.experiments.statistics.intervals import EVERYTHING, Interval, around
from services.metrics.experiments.statistics.sums import Sums, merged


@dataclass(frozen=True, slots=True)
class Test:
    """A two-sided test: its statistic (z, t or chi-square), its p-value, and the interval where there is one."""

    __test__ = False

    statistic: float
    p: float
    interval: Interval = EVERYTHING


def z_test(of: Difference, alpha: float) -> Test:
    """Return the unpooled z test and Wald's interval. Without variance there is no evidence: p = 1, no interval."""
    if of.variance <= 0.0:
        return Test(0.0, 1.0)
    return Test(of.z, 2.0 * normal_tail(abs(of.z)), around(of.value, normal_quantile(alpha / 2.0) * of.error))


def welch_test(of: Difference, alpha: float) -> Test:
    """Return Welch's t test (1947). Without variance there is no evidence: p = 1, no interval."""
    if of.variance <= 0.0:
        return Test(0.0, 1.0)
    half = t_quantile(alpha / 2.0, of.freedom) * of.error
    return Test(of.z, 2.0 * t_tail(abs(of.z), of.freedom), around(of.value, half))


def pooled_z_test(treatment: Sums, control: Sums) -> Test:
    """
    Return the z test of two proportions with the pooled variance, without an interval.

    Raises:
        ValueError: an empty arm.
    """
    delta = treatment.mean - control.mean
    share = merged((treatment, control)).mean
    variance = share * (1.0 - share) * (1.0 / treatment.units + 1.0 / control.units)
    z = delta / math.sqrt(variance) if variance > 0.0 else 0.0
    return Test(z, 2.0 * normal_tail(abs(z)))


def fisher_test(treatment: Sums, control: Sums) -> float:
    """Return the p-value of Fisher's exact test of two proportions: instead of z when counts are tiny."""
    (t, t_all), (c, c_all) = ((int(arm.y), arm.units) for arm in (treatment, control))
    return fisher_exact(((t, t_all - t), (c, c_all - c)))


def homogeneity_test(arms: list[Sums]) -> Test:
    """
    Return Pearson's chi-square test that all arms convert alike.

    Raises:
        ValueError: an empty arm.
    """
    share = merged(arms).mean
    if not 0.0 < share < 1.0:
        return Test(0.0, 1.0)
    value = sum(arm.units * (arm.mean - share) ** 2 for arm in arms) / (share * (1.0 - share))
    return Test(value, chi_square_tail(value, len(arms) - 1))


def wilson(arm: Sums, alpha: float) -> Interval:
    """
    Return Wilson's interval of a proportion (1927); it stays between 0 and 1 with no conversions.

    Raises:
        ValueError: an empty arm.
    """
    z, n, share = normal_quantile(alpha / 2.0), arm.units, arm.mean
    centre = share + z * z / (2.0 * n)
    half = z * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    scale = 1.0 + z * z / n
    lower = 0.0 if arm.y <= 0.0 else (centre - half) / scale
    upper = 1.0 if arm.y >= n else (centre + half) / scale
    return Interval(lower, upper)


def newcombe(treatment: Sums, control: Sums, alpha: float) -> Interval:
    """Return Newcombe's interval of the difference of two proportions (1998, method 10); raises as `wilson` does."""
    of_t, of_c = wilson(treatment, alpha), wilson(control, alpha)
    t, c = treatment.mean, control.mean
    return Interval(
        t - c - math.hypot(t - of_t.lower, of_c.upper - c),
        t - c + math.hypot(c - of_c.lower, of_t.upper - t),
    )


def lift(treatment: Estimate, control: Estimate) -> float | None:
    """Return the relative lift, for display; None when the control's estimate is 0. Decisions are on the difference."""
    return treatment.value / control.value - 1.0 if control.value else None


def lift_interval(treatment: Estimate, control: Estimate, alpha: float) -> Interval:
    """
    Return the interval of the relative lift, for display: exp(ln(m_t / m_c) +- z sqrt(V_t/m_t^2 + V_c/m_c^2)) - 1.

    For two proportions it is the interval of the log risk ratio less one. Unbounded unless both are positive.
    """
    if not (treatment.value > 0.0 and control.value > 0.0):
        return EVERYTHING
    error = math.hypot(*(math.sqrt(arm.variance) / arm.value for arm in (treatment, control)))
    half, middle = normal_quantile(alpha / 2.0) * error, math.log(treatment.value / control.value)
    return Interval(math.expm1(middle - half), math.expm1(middle + half))


def relative_difference(treatment: Estimate, control: Estimate) -> Difference:
    """
    Return the relative lift as a difference, by the delta method: V_t / m_c^2 + m_t^2 V_c / m_c^4.

    It is weaker than the absolute test, and its degrees of freedom are those of the absolute one.

    Raises:
        ValueError: the control's estimate is 0.
    """
    if not control.value:
        raise ValueError("control: its estimate is 0, nothing is relative to it")
    share = treatment.value / control.value
    variance = (treatment.variance + share * share * control.variance) / control.value**2
    absolute = difference(treatment, control)
    return Difference(share - 1.0, variance, absolute.units, absolute.freedom)
