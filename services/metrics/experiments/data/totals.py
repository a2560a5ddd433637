"""What units did within their window, of one stretch of events. Vectorised, pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.asking import Property
from services.metrics.analytics.reports.reading import Integers, Stretch
from services.metrics.experiments.data.questions import LARGEST, Metric, Part
from services.metrics.experiments.statistics.comparing import Kind

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Totals:
    """Of each actor of a stretch: the metric, and its denominator or covariate."""

    y: Numbers
    x: Numbers


def totals_of(metric: Metric, first_bit: int, stretch: Stretch, at: Integers, places: Mapping[Property, int]) -> Totals:
    """
    Return what each actor did.

    Args:
        metric: what is measured; its parts have the bits from `first_bit` on.
        first_bit: see there.
        stretch: the events.
        at: when each actor was exposed first; far in the future for those who were not.
        places: where the numbers of a property are in the stretch.
    """
    y, x = np.zeros(len(stretch.actors)), np.zeros(len(stretch.actors))
    for number, part in enumerate(metric.parts):
        rows = np.flatnonzero(stretch.bits & stretch.bits.dtype.type(1 << (first_bit + number)))
        amounts = _amounts(part, stretch, rows, places)
        actor, time = stretch.actor[rows], stretch.time[rows]
        begin = at[actor]
        # Compared without adding to times: who was never exposed has the greatest one there is.
        within = (time >= begin) & (time - metric.window < begin)
        side = x if part.is_denominator else y
        side += np.bincount(actor[within], amounts[within], len(side))
        if metric.covariate:
            before = (time < begin) & (time + metric.covariate >= begin)
            x += np.bincount(actor[before], amounts[before], len(x))
    if metric.kind is Kind.PROPORTION:
        y = (y > 0.0).astype(np.float64)
    if metric.cap is not None:
        y = np.minimum(y, metric.cap)
        x = np.minimum(x, metric.cap) if metric.covariate else x
    return Totals(y, x)


def _amounts(part: Part, stretch: Stretch, rows: Integers, places: Mapping[Property, int]) -> Numbers:
    if part.property is None:
        return np.full(len(rows), part.sign)
    numbers = stretch.numbers[places[part.property]][rows]
    counted: Numbers = np.where(np.abs(numbers) <= LARGEST, numbers, 0.0)
    return counted * part.sign
