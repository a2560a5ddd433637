"""Sums over units by phase, arm and look. Vectorised, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.reading import Integers
from services.metrics.experiments.data.participants import Counts
from services.metrics.experiments.data.questions import DAY, Enrolment
from services.metrics.experiments.data.totals import Numbers, Totals
from services.metrics.experiments.statistics.sums import NONE, Sums

SUMS: Final = 6
"""Units, y, y y, x, x x, x y."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many phases, arms and looks there are."""

    phases: int
    arms: int
    days: int

    @property
    def cells(self) -> int:
        """All combinations."""
        return self.phases * self.arms * self.days


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What the store says of an experiment.

    Attributes:
        exposures: units by phase, arm and look, cumulative, whether their windows are over or not.
        metrics: sums by phase, arm and look, cumulative, of units whose windows are over.
        groups: sums of the first metric at the last look by phase and arm, of each value of the breakdown.
        counts: what was left out.
        at_end: whether the store has caught up with the log.
    """

    exposures: npt.NDArray[np.int64]
    metrics: Mapping[str, Numbers]
    counts: Counts
    groups: Mapping[str | None, Numbers] = field(default_factory=dict)
    at_end: bool = True

    def look(self, metric: str, arms: Sequence[str], day: int) -> list[dict[str, Sums]]:
        """Return the sums of a metric at a look: by arm, of each phase."""
        return [
            {arm: sums_of_cell(phase[number, day]) for number, arm in enumerate(arms)} for phase in self.metrics[metric]
        ]


def sums_of_cell(cell: npt.NDArray[Any]) -> Sums:
    """Return the six numbers of a cell as sums."""
    units, y, yy, x, xx, xy = cell.tolist()
    return Sums(round(units), y, yy, x, xx, xy) if units else NONE


def day_of(at: Integers, enrolment: Enrolment, days: int) -> Integers:
    """Return the first look at which an instant is over."""
    return np.clip((at - enrolment.start - 1) // DAY, 0, days - 1)


def tally(shape: Shape, cells: Integers, totals: Totals) -> Numbers:
    """Return sums by cell, which are `(phase * arms + arm) * days + day` of each unit."""
    y, x = totals.y, totals.x
    weights: tuple[Numbers | None, ...] = (None, y, y * y, x, x * x, x * y)
    columns = [np.bincount(cells, each, shape.cells).astype(np.float64) for each in weights]
    return np.stack(columns, axis=1).reshape(shape.phases, shape.arms, shape.days, SUMS)


def counted(shape: Shape, cells: Integers) -> npt.NDArray[np.int64]:
    """Return the units of each cell."""
    counts: npt.NDArray[np.int64] = np.bincount(cells, minlength=shape.cells)
    return counts.reshape(shape.phases, shape.arms, shape.days)
