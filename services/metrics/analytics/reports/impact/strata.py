"""Strata: units that are alike in activity and in revenue so far. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.impact.regression import Array, Integers

LEAST_OF_EITHER: Final = 5
"""A stratum is compared when it has so many units with the feature, and as many without."""


class SoFar(Enum):
    """Revenue up to the split, among all units."""

    NONE = "none"
    """No sale."""
    LOWER = "lower"
    """Up to the median of those with a sale."""
    UPPER = "upper"
    """Above it."""


_ORDER: Final = tuple(SoFar)


@dataclass(frozen=True, slots=True)
class Stratum:
    """
    Units that are alike.

    Attributes:
        least_activity, most_activity: the fewest and the most events of a unit in it.
        so_far: see there.
        users, others: units that used the feature, and those that did not.
        users_mean, others_mean: their mean revenue after the split; None of nobody.
        compared: whether it has enough of both; the adjusted difference is made of those that do.
    """

    least_activity: int
    most_activity: int
    so_far: SoFar
    users: int
    others: int
    users_mean: float | None
    others_mean: float | None
    compared: bool


def activity_classes(activity: Integers, count: int) -> Integers:
    """Return the class of each unit, from 0 on: quantiles of activity. Equal ones are in one, so there may be fewer."""
    edges = np.unique(np.quantile(activity, np.arange(1, count) / count, method="inverted_cdf"))
    classes = np.searchsorted(edges, activity, "left")
    return np.unique(classes, return_inverse=True)[1].astype(np.int64)


def revenue_classes(sales: Integers, revenue: Array) -> Integers:
    """Return the class of each unit: the place in `SoFar`."""
    classes = np.zeros(len(sales), np.int64)
    some = sales > 0
    if some.any():
        classes[some] = 1 + (revenue[some] > np.median(revenue[some]))
    return classes


def strata_of(
    activity: Integers, level: Integers, so_far: Integers, exposed: npt.NDArray[np.bool_], outcome: Array
) -> tuple[tuple[Stratum, ...], Integers]:
    """
    Return all strata that have units, by activity and revenue so far, and the place of each unit's stratum.

    Args:
        activity: of each unit, how many events.
        level: see `activity_classes`.
        so_far: see `revenue_classes`.
        exposed: whether the unit used the feature.
        outcome: its revenue after the split.
    """
    numbers, place = np.unique(level * len(_ORDER) + so_far, return_inverse=True)
    strata = []
    for at, number in enumerate(numbers.tolist()):
        inside = place == at
        users, others = outcome[inside & exposed], outcome[inside & ~exposed]
        strata.append(
            Stratum(
                int(activity[inside].min()),
                int(activity[inside].max()),
                _ORDER[number % len(_ORDER)],
                len(users),
                len(others),
                float(users.mean()) if len(users) else None,
                float(others.mean()) if len(others) else None,
                min(len(users), len(others)) >= LEAST_OF_EITHER,
            )
        )
    return tuple(strata), place.astype(np.int64)
