"""Experiments on tenants: every tenant is a row, whose users add up to it. Vectorised, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.reports.asking import Property
from services.metrics.analytics.reports.reading import Integers, Stretch
from services.metrics.experiments.data.participants import Counts, exposed, taking_part
from services.metrics.experiments.data.questions import Metric, Question
from services.metrics.experiments.data.tallies import SUMS, Measured, Shape, counted, day_of
from services.metrics.experiments.data.totals import Numbers, Totals, totals_of
from services.metrics.experiments.statistics.comparing import Kind


@dataclass(frozen=True, slots=True)
class Users:
    """Exposed users of one stretch: their tenants, first exposures, the arms they saw, and what they did."""

    tenants: Any
    at: Integers
    seen: npt.NDArray[np.uint16]
    totals: tuple[Totals, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Tenants:
    """Tenants that take part, each with its phase and arm; `of` is the row of each user, -1 for none."""

    phase: Integers
    arm: Integers
    of: Integers


class TenantWork:
    """Makes rows of stretches."""

    def __init__(self, question: Question, places: Mapping[Property, int]) -> None:
        self._question = question
        self._places = places
        self.shape = Shape(len(question.enrolment.phases), len(question.enrolment.arms), question.days)

    def of(self, stretch: Stretch) -> Users:
        """Return the users of a stretch; the first value of its events is the tenant."""
        found, counts = exposed(stretch, self._question.enrolment)
        bit, totals = self.shape.arms + 1, []
        for metric in self._question.metrics:
            each = totals_of(metric, bit, stretch, found.at, self._places)
            bit += len(metric.parts)
            totals.append(Totals(each.y[found.actors], each.x[found.actors]))
        tenants = pa.array(stretch.values[0][found.rows], pa.string())
        counts += Counts(repeated=found.again)
        return Users(tenants, found.at[found.actors], found.seen[found.actors], tuple(totals), counts)

    def joined(self, parts: Iterable[Users], *, at_end: bool) -> Measured:
        """Return all users as rows of their tenants, cumulative over looks."""
        shape, enrolment = self.shape, self._question.enrolment
        users = list(parts)
        nobody = np.empty(0, np.int64)
        at = np.concatenate([nobody, *(each.at for each in users)])
        no_arms = np.zeros((0, shape.phases), np.uint16)
        seen = np.concatenate([no_arms, *(each.seen for each in users)])
        names = pa.chunked_array([each.tenants for each in users], pa.string()).combine_chunks().dictionary_encode()
        code: Integers = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        first = np.full(len(names.dictionary), np.iinfo(np.int64).max)
        np.minimum.at(first, code, at)
        arms = np.zeros((len(first), shape.phases), np.uint16)
        np.bitwise_or.at(arms, code, seen)
        known = taking_part(first, arms, enrolment)
        counts = known.counts
        for each in users:
            counts += each.counts
        row = np.where(known.taking_part, np.cumsum(known.taking_part) - 1, -1)
        tenants = Tenants(known.phase, known.arm, row[code])
        place = (tenants.phase * shape.arms + tenants.arm) * shape.days
        exposures = counted(shape, place + day_of(first[known.taking_part] + 1, enrolment, shape.days))
        metrics = {
            metric.key: self._metric(metric, tenants, at, _joined([each.totals[number] for each in users]))
            for number, metric in enumerate(self._question.metrics)
        }
        return Measured(np.cumsum(exposures, axis=2), metrics, counts, {}, at_end)

    def _metric(self, metric: Metric, tenants: Tenants, at: Integers, totals: Totals) -> Numbers:
        shape = self.shape
        over = at + metric.window
        counts = (over <= self._question.until) & (tenants.of >= 0)
        day = day_of(over[counts], self._question.enrolment, shape.days)
        cells = tenants.of[counts] * shape.days + day
        size = (len(tenants.arm), shape.days)

        def rows(weights: Numbers | None) -> Numbers:
            by_day = np.bincount(cells, weights, size[0] * size[1]).astype(np.float64)
            return np.cumsum(by_day.reshape(size), axis=1)

        users, y = rows(None), rows(totals.y[counts])
        x = rows(totals.x[counts]) if metric.kind is Kind.RATIO else users
        columns = np.stack([(users > 0).astype(np.float64), y, y * y, x, x * x, x * y], axis=2)
        sums = np.zeros((shape.phases, shape.arms, shape.days, SUMS))
        np.add.at(sums, (tenants.phase, tenants.arm), columns)
        return sums


def _joined(totals: Iterable[Totals]) -> Totals:
    some = list(totals)
    nothing = np.empty(0)
    return Totals(
        np.concatenate([nothing, *(each.y for each in some)]), np.concatenate([nothing, *(each.x for each in some)])
    )
