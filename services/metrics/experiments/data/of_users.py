"""Experiments on users: every stretch of events gives sums, and sums add up. Vectorised, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.reports.asking import Property
from services.metrics.analytics.reports.reading import Integers, Stretch, first_values
from services.metrics.experiments.data.participants import Counts, exposed, taking_part
from services.metrics.experiments.data.questions import Question
from services.metrics.experiments.data.tallies import SUMS, Measured, Shape, counted, day_of, tally
from services.metrics.experiments.data.totals import Numbers, Totals, totals_of
from services.runtime.errors import InvalidRequest

MOST_VALUES: Final = 10_000
"""Of a breakdown, before the small ones are put together."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one stretch says; not cumulative."""

    exposures: npt.NDArray[np.int64]
    metrics: Mapping[str, Numbers]
    groups: Mapping[str | None, Numbers]
    counts: Counts


class UserWork:
    """Makes sums of stretches."""

    def __init__(self, question: Question, places: Mapping[Property, int]) -> None:
        self._question = question
        self._places = places
        self.shape = Shape(len(question.enrolment.phases), len(question.enrolment.arms), question.days)

    def of(self, stretch: Stretch) -> Share:
        """Return the sums of a stretch."""
        enrolment, shape = self._question.enrolment, self.shape
        found, counts = exposed(stretch, enrolment)
        first = found.at[found.actors]
        known = taking_part(first, found.seen[found.actors], enrolment)
        counts += known.counts + Counts(repeated=found.again)
        actors, at = found.actors[known.taking_part], first[known.taking_part]
        place = (known.phase * shape.arms + known.arm) * shape.days
        exposures = counted(shape, place + day_of(at + 1, enrolment, shape.days))
        metrics: dict[str, Numbers] = {}
        groups: dict[str | None, Numbers] = {}
        bit = shape.arms + 1
        for number, metric in enumerate(self._question.metrics):
            totals = totals_of(metric, bit, stretch, found.at, self._places)
            bit += len(metric.parts)
            over = at + metric.window
            watched = over <= self._question.until
            cells = place[watched] + day_of(over[watched], enrolment, shape.days)
            of_units = Totals(totals.y[actors[watched]], totals.x[actors[watched]])
            metrics[metric.key] = tally(shape, cells, of_units)
            if number == 0 and enrolment.breakdown is not None:
                values = first_values(stretch, found.rows[known.taking_part][watched], (1 << shape.arms) - 1)
                groups = self._groups(values, place[watched] // shape.days, of_units)
        return Share(exposures, metrics, groups, counts)

    def joined(self, shares: Iterable[Share], *, at_end: bool) -> Measured:
        """Return all shares as one, cumulative over looks."""
        shape = self.shape
        exposures = np.zeros((shape.phases, shape.arms, shape.days), np.int64)
        metrics = {each.key: np.zeros((*exposures.shape, SUMS)) for each in self._question.metrics}
        groups: dict[str | None, Numbers] = {}
        counts = Counts()
        for share in shares:
            exposures += share.exposures
            counts += share.counts
            for key, sums in share.metrics.items():
                metrics[key] += sums
            for value, sums in share.groups.items():
                groups[value] = groups[value] + sums if value in groups else sums
            if len(groups) > MOST_VALUES:
                raise InvalidRequest.of("breakdown_property", f"has more than {MOST_VALUES} values")
        cumulative = {key: np.cumsum(sums, axis=2) for key, sums in metrics.items()}
        return Measured(np.cumsum(exposures, axis=2), cumulative, counts, groups, at_end)

    def _groups(self, values: npt.NDArray[Any], place: Integers, totals: Totals) -> dict[str | None, Numbers]:
        shape = self.shape
        codes = pa.array(values, pa.string()).dictionary_encode("encode")
        names: list[str | None] = codes.dictionary.to_pylist()
        wide = Shape(len(names), shape.phases * shape.arms, 1)
        numbers = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        sums = tally(wide, numbers * wide.arms + place, totals)
        return {name: sums[at].reshape(shape.phases, shape.arms, SUMS) for at, name in enumerate(names)}
