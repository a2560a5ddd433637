"""What the use of a feature and revenue have to do with each other, of units whose facts are known. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.impact.regression import (
    Array,
    Effect,
    Integers,
    adjusted_difference,
    plain_difference,
)
from services.metrics.analytics.reports.impact.strata import Stratum, activity_classes, revenue_classes, strata_of

LEAST_UNITS: Final = 50
"""So many that used the feature, and so many that did not, have to be comparable."""

LEAST_PAYING: Final = 10
"""So many of either kind need revenue in the second part: with fewer, single sales decide."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """
    A unit in the first part of the period.

    Attributes:
        tenant: within which it is compared; empty when all are compared with all.
        used: whether it used the feature.
        activity: how many events it had, those of the feature counted as one.
        actors: active users it has.
    """

    tenant: str
    used: bool
    activity: int
    actors: int


@dataclass(frozen=True, slots=True)
class Sold:
    """Sales that stand of one unit in one currency, before or after a moment, and their sum."""

    unit: str
    currency: str
    after: bool
    sales: int
    revenue: float


@dataclass(frozen=True, slots=True)
class Side:
    """Units that used the feature, or that did not: how many, how many had revenue later, and their mean revenue."""

    units: int
    paying: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class AssociationResult:
    """
    How use and revenue go together: an association, no cause.

    Attributes:
        split: where the second part of the period begins.
        currency: of all amounts; empty when there is one only, None without sales.
        other_sales: in other currencies, which do not count.
        units: that were looked at.
        known_units: that there are.
        users, others: units that used the feature in the first part, and those that did not.
        compared_users, compared_others: those of them that the adjusted difference is made of.
        plain: the difference of the means, as they are; None of too few.
        adjusted: the difference between units that are alike; None when it is not told.
        silence: why it is not; None when it is.
        strata: units that are alike.
        incomplete: whether revenue may still come in.
    """

    split: datetime
    currency: str | None
    other_sales: int
    units: int
    known_units: int
    users: Side
    others: Side
    compared_users: int
    compared_others: int
    plain: Effect | None
    adjusted: Effect | None
    silence: str | None
    strata: tuple[Stratum, ...]
    incomplete: bool


def association_of(
    units: Mapping[str, UnitFacts],
    bills: Iterable[Sold],
    classes: int,
    *,
    split: datetime,
    currency: str | None,
    other_sales: int,
    known_units: int,
    incomplete: bool,
) -> AssociationResult:
    """
    Return the result.

    Args:
        units: by their names.
        bills: sales in one currency; those of other units do not count.
        classes: quantiles of activity.
        split: see `AssociationResult`, as for all that follow.
        currency: as above.
        other_sales: as above.
        known_units: as above.
        incomplete: as above.
    """
    rows = _Rows(units, bills)
    used, later = rows.used, rows.later
    so_far = revenue_classes(rows.sales, rows.revenue)
    level = activity_classes(rows.activity, classes) if len(used) else so_far
    strata, place = strata_of(rows.activity, level, so_far, used, later)
    kept = np.array([each.compared for each in strata], bool)[place]
    # A unit without another one in its tenant says nothing.
    kept &= np.bincount(rows.tenant[kept], minlength=len(used) + 1)[rows.tenant] > 1
    silence = _silence(used[kept], later[kept], currency)
    adjusted = None
    if silence is None:
        constants = (place[kept][:, None] == np.unique(place[kept])[1:]).astype(np.float64)
        covariates = np.column_stack([constants, rows.covariates()[kept]])
        adjusted = adjusted_difference(later[kept], used[kept], covariates, rows.tenant[kept])
        if adjusted is None:
            silence = "whoever used the feature differs from everybody else in all that is adjusted for"
    return AssociationResult(
        split,
        currency,
        other_sales,
        len(used),
        known_units,
        _side(later[used]),
        _side(later[~used]),
        int(np.count_nonzero(used[kept])),
        int(np.count_nonzero(~used[kept])),
        plain_difference(later, used),
        adjusted,
        silence,
        strata,
        incomplete,
    )


class _Rows:
    """Units as arrays."""

    def __init__(self, units: Mapping[str, UnitFacts], bills: Iterable[Sold]) -> None:
        places = {unit: at for at, unit in enumerate(units)}
        facts = list(units.values())
        tenants = {tenant: at for at, tenant in enumerate(dict.fromkeys(each.tenant for each in facts))}
        self.used = np.array([each.used for each in facts], bool)
        self.tenant: Integers = np.array([tenants[each.tenant] for each in facts], np.int64)
        self.activity: Integers = np.array([each.activity for each in facts], np.int64)
        self._actors = np.array([each.actors for each in facts], np.float64)
        self.sales: Integers = np.zeros(len(facts), np.int64)
        self.revenue: Array = np.zeros(len(facts))
        self.later: Array = np.zeros(len(facts))
        for bill in bills:
            at = places.get(bill.unit)
            if at is None:
                continue
            if bill.after:
                self.later[at] += bill.revenue
            else:
                self.revenue[at] += bill.revenue
                self.sales[at] += bill.sales

    def covariates(self) -> Array:
        """Return a column for each thing that is adjusted for within strata."""
        return np.column_stack(
            [
                self.activity.astype(np.float64),
                np.log1p(self.activity),
                np.log1p(self._actors),
                self.revenue,
            ]
        )


def _silence(used: npt.NDArray[np.bool_], later: Array, currency: str | None) -> str | None:
    if currency is None:
        return "there is no sale in the period"
    for side, what in ((used, "used the feature"), (~used, "did not use the feature")):
        units, paying = int(np.count_nonzero(side)), int(np.count_nonzero(later[side]))
        if units < LEAST_UNITS:
            return f"{units} units that {what} can be compared; {LEAST_UNITS} are needed"
        if paying < LEAST_PAYING:
            return f"{paying} units that {what} and can be compared have revenue later; {LEAST_PAYING} are needed"
    return None


def _side(later: Array) -> Side:
    return Side(len(later), int(np.count_nonzero(later)), float(later.mean()) if len(later) else None)
