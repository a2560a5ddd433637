"""How well scores tell apart what happened from what did not. Pure."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.intervals import Z, wilson

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Auc:
    """
    The area under the ROC curve with its 95 % interval (DeLong): the probability that of one case that happened and one
    that did not, the first has the higher score; ties count half.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """
    Cases of neighbouring scores: what was predicted, and what came.

    Attributes:
        count: of cases.
        happened: of them.
        predicted: the mean of their probabilities.
        observed: the share that happened.
        low, high: its 95 % interval.
    """

    count: int
    happened: int
    predicted: float
    observed: float
    low: float
    high: float


def auc(scores: Array, happened: Bools) -> Auc:
    """Return the area of scores; there has to be one case of either kind at least."""
    above, below = _placements(scores, happened)
    value = float(above.mean())
    return _bounded(value, math.sqrt(_variance(above) + _variance(below)))


def auc_gain(scores: Array, others: Array, happened: Bools) -> tuple[float, float, float]:
    """Return by how much the area of scores exceeds that of others for the same cases, with its 95 % interval."""
    above, below = _placements(scores, happened)
    other_above, other_below = _placements(others, happened)
    gain = float(above.mean() - other_above.mean())
    half = Z * math.sqrt(_variance(above - other_above) + _variance(below - other_below))
    return gain, gain - half, gain + half


def brier(probabilities: Array, happened: Bools) -> float:
    """Return the mean squared error of probabilities."""
    return float(((probabilities - happened) ** 2).mean())


def calibration(probabilities: Array, happened: Bools, rows: int) -> tuple[CalibrationRow, ...]:
    """Return cases in the order of their probabilities, cut into rows of as equal a size as can be."""
    order = np.argsort(probabilities, kind="stable")
    found = []
    for part in np.array_split(order, rows):
        if len(part):
            count, hits = len(part), int(np.count_nonzero(happened[part]))
            low, high = wilson(hits, count)
            found.append(CalibrationRow(count, hits, float(probabilities[part].mean()), hits / count, low, high))
    return tuple(found)


def _placements(scores: Array, happened: Bools) -> tuple[Array, Array]:
    """Return for each case that happened the share of the others below it, and for each other that of those above."""
    cases, others = scores[happened], scores[~happened]
    return _share_below(cases, others), 1.0 - _share_below(others, cases)


def _share_below(scores: Array, among: Array) -> Array:
    among = np.sort(among)
    less, not_more = np.searchsorted(among, scores, "left"), np.searchsorted(among, scores, "right")
    share: Array = (less + not_more) / (2.0 * len(among))
    return share


def _variance(values: Array) -> float:
    """Return the variance of the mean."""
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


def _bounded(value: float, error: float) -> Auc:
    return Auc(value, max(value - Z * error, 0.0), min(value + Z * error, 1.0))
