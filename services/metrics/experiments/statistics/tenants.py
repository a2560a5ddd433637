"""
Tests that are randomised by tenant: rows are tenants, and the metric is a ratio of sums over them.

Counting users as if each had been drawn by lot finds effects that are not there: users of one tenant are alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.metrics.experiments.statistics.always_valid import Look, look
from services.metrics.experiments.statistics.distributions import Array
from services.metrics.experiments.statistics.estimates import Difference, difference, ratio
from services.metrics.experiments.statistics.sums import Sums

FEWEST_TENANTS: Final = 10
"""In an arm, before anything is decided."""


@dataclass(frozen=True, slots=True)
class TenantRow:
    """One tenant: its conversions (or amount) and its users."""

    y: float
    users: int


def tenant_difference(treatment: Sums, control: Sums) -> Difference:
    """
    Return the difference of ratios over tenants (y by users), by the delta method, with G - 2 degrees of freedom.

    Raises:
        ValueError: an arm with fewer than two tenants, or without users.
    """
    of = difference(ratio(treatment), ratio(control))
    return Difference(of.value, of.variance, of.units, of.units - 2.0)


def tenant_look(of: Difference, rho: float, alpha: float) -> Look:
    """Return the always-valid look at tenants: N are tenants, and t becomes z. `rho` is frozen for planned tenants."""
    return look(of, rho * rho * of.units, alpha, freedom=of.freedom)


@dataclass(frozen=True, slots=True)
class ClusterErrors:
    """Standard errors of the same difference: as if users were independent, and robust to clusters (Liang, Zeger)."""

    naive: float
    cr0: float
    cr1: float

    @property
    def design_effect(self) -> float:
        """By how much clusters inflate the variance; below 1 it says that they do not."""
        return (self.cr1 / self.naive) ** 2 if self.naive > 0.0 else math.nan


def cluster_errors(treatment: Sequence[TenantRow], control: Sequence[TenantRow]) -> ClusterErrors:
    """
    Return the errors of the difference of proportions of users, of an ordinary regression on the arm.

    CR0 = sum over arms of sum((y - R m)^2) / (sum m)^2; CR1 = CR0 G / (G - 1) (M - 1) / (M - 2), M the users.

    Raises:
        ValueError: fewer than two tenants, or an arm without users.
    """
    arms = [_columns(rows) for rows in (treatment, control)]
    tenants = len(treatment) + len(control)
    users = sum(float(sizes.sum()) for _, sizes in arms)
    if tenants < 2 or any(sizes.sum() <= 0.0 for _, sizes in arms) or users <= 2:
        raise ValueError("tenants: fewer than two, or an arm without users")
    cr0 = inverse = residuals = 0.0
    for ys, sizes in arms:
        share = float(ys.sum() / sizes.sum())
        cr0 += float(((ys - share * sizes) ** 2).sum() / sizes.sum() ** 2)
        inverse += 1.0 / float(sizes.sum())
        residuals += float(sizes.sum()) * share * (1.0 - share)
    cr1 = cr0 * tenants / (tenants - 1) * (users - 1.0) / (users - 2.0)
    return ClusterErrors(math.sqrt(residuals / (users - 2.0) * inverse), math.sqrt(cr0), math.sqrt(cr1))


def _columns(rows: Sequence[TenantRow]) -> tuple[Array, Array]:
    ys = np.array([row.y for row in rows], dtype=np.float64)
    return ys, np.array([row.users for row in rows], dtype=np.float64)
