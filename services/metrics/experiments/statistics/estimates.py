"""The estimate of one arm with its variance, and the difference of two on the absolute scale, never pooled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.metrics.experiments.statistics.sums import Sums


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimate of an arm, its variance (the squared standard error), and the units that it rests on."""

    value: float
    variance: float
    units: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus control: the estimate, its variance, the units of both arms, Welch's degrees of freedom."""

    value: float
    variance: float
    units: int
    freedom: float = math.inf

    @property
    def error(self) -> float:
        """The standard error."""
        return math.sqrt(self.variance)

    @property
    def z(self) -> float:
        """The difference in standard errors; 0 when there is no variance, which is no evidence."""
        return self.value / self.error if self.variance > 0.0 else 0.0


def proportion(sums: Sums) -> Estimate:
    """
    Return the share of units that converted; its variance is p (1 - p) / n.

    Raises:
        ValueError: an empty arm, or sums that are not of zeros and ones.
    """
    if sums.y != sums.yy or not 0.0 <= sums.y <= sums.units:
        raise ValueError("y: is no number of units that converted")
    share = sums.mean
    return Estimate(share, share * (1.0 - share) / sums.units, sums.units)


def cautious(treatment: Sums, control: Sums) -> tuple[Estimate, Estimate]:
    """
    Return the shares of two arms, each with a variance that is not below that of the share of both.

    For bounds that watch a small arm from its first units on: as long as it has no conversion, its own variance is 0,
    and the difference looks certain.

    Raises:
        ValueError: as `proportion` does.
    """
    share = proportion(treatment + control).value
    t, c = (
        replace(arm, variance=max(arm.variance, share * (1.0 - share) / arm.units))
        for arm in (proportion(treatment), proportion(control))
    )
    return t, c


def mean(sums: Sums) -> Estimate:
    """
    Return the mean per unit; revenue too, of winsorised totals.

    Raises:
        ValueError: fewer than two units.
    """
    return Estimate(sums.mean, sums.variance / sums.units, sums.units)


def ratio(sums: Sums) -> Estimate:
    """
    Return the sum of y by the sum of x; variance by the delta method, over units of randomisation (Deng et al. 2018).

    V = (s_y^2 + R^2 s_x^2 - 2 R s_xy) / (n mean_x^2)

    Raises:
        ValueError: fewer than two units, or a denominator that is not positive.
    """
    if not sums.x > 0.0:
        raise ValueError("x: the denominator is not positive")
    value = sums.y / sums.x
    spread = sums.variance + value * value * sums.variance_x - 2.0 * value * sums.covariance
    return Estimate(value, max(spread, 0.0) / (sums.units * sums.mean_x**2), sums.units)


def difference(treatment: Estimate, control: Estimate) -> Difference:
    """
    Return treatment minus control.

    The degrees of freedom are Welch's: se^4 / (V_t^2 / (n_t - 1) + V_c^2 / (n_c - 1)).
    """
    variance = treatment.variance + control.variance
    parts = sum(arm.variance**2 / (arm.units - 1) for arm in (treatment, control) if arm.units > 1)
    freedom = variance * variance / parts if parts > 0.0 else math.inf
    return Difference(treatment.value - control.value, variance, treatment.units + control.units, freedom)


def winsor_cap(values: Sequence[float], quantile: float) -> float:
    """
    Return the cap to freeze at design: the quantile (linear interpolation) of totals of past units, of all arms.

    Raises:
        ValueError: no values, values that are not finite, or a quantile outside of (0, 1).
    """
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("values: there are none, or some are not finite")
    if not 0.0 < quantile < 1.0:
        raise ValueError("quantile: is not between 0 and 1")
    return float(np.quantile(values, quantile, method="linear"))
