"""CUPED: what is known of a unit from before its exposure takes variance out (Deng, Xu, Kohavi and Walker 2013)."""

from services.metrics.experiments.statistics.estimates import Estimate
from services.metrics.experiments.statistics.sums import Sums, merged


def adjusted(arms: list[Sums]) -> tuple[list[Estimate], float]:
    """
    Return the adjusted means of all arms, in their order, and theta, which is the same for all of them.

    theta = cov(x, y) / var(x) over the rows of all arms pooled; mean_a = y_a - theta (x_a - x_pooled);
    variance_a = s_y^2 + theta^2 s_x^2 - 2 theta s_xy. A covariate that does not vary changes nothing (theta 0).

    Raises:
        ValueError: an arm of fewer than two units.
    """
    pooled = merged(arms)
    spread = pooled.variance_x
    theta = pooled.covariance / spread if spread > 0.0 else 0.0
    return [_adjusted(arm, theta, pooled.mean_x) for arm in arms], theta


def _adjusted(arm: Sums, theta: float, centre: float) -> Estimate:
    variance = arm.variance + theta * theta * arm.variance_x - 2.0 * theta * arm.covariance
    return Estimate(arm.mean - theta * (arm.mean_x - centre), max(variance, 0.0) / arm.units, arm.units)
