"""Retention on the store: for each actor, the buckets in which they returned. Blocking."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import Scope, Selection
from services.metrics.analytics.reports.reading import Source, Stretch, first_values, stretches
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.retention.results import Calendar, Cohort, RetentionTally, rolling_us
from services.metrics.analytics.store.engine import Limits

_START: Final = 1
_BACK: Final = 2
_NAMED: Final = 4
_CELLS_AT_ONCE: Final = 32_000_000

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def tally_on_store(asked: Retention, scope: Scope, source: Source, limits: Limits) -> RetentionTally:
    """Return what there is to count of retention in a period."""
    calendar = Calendar(asked, scope)
    counting = _Counting(asked, calendar)
    wanted = reading.Events(
        selections=selections_of(asked, scope),
        start=calendar.start if asked.cohort is CohortKind.RECURRING else None,
        end=calendar.observed,
        tenant=scope.tenant,
        values=() if asked.breakdown is None else (asked.breakdown.property,),
    )
    for stretch in stretches(source, wanted, limits):
        for block in _blocks(stretch, _CELLS_AT_ONCE // len(calendar.all)):
            counting.add(block)
    return RetentionTally(counting.actors, counting.returned)


def selections_of(asked: Retention, scope: Scope) -> tuple[Selection, ...]:
    """Return start events, return events, and with FIRST_EVER the events among which the first has to be a start."""
    start, back = (replace(each, filters=each.filters + scope.filters) for each in (asked.start, asked.back))
    named = (Selection(asked.start.event),) if asked.cohort is CohortKind.FIRST_EVER else ()
    return (start, back, *named)


class _Counting:
    def __init__(self, asked: Retention, calendar: Calendar) -> None:
        self._asked = asked
        self._calendar = calendar
        self._ordinals = np.array(calendar.all, np.int64)
        self.actors: Counter[Cohort] = Counter()
        self.returned: Counter[tuple[Cohort, int]] = Counter()

    def add(self, rows: Stretch) -> None:
        """Count the actors of some rows."""
        number = np.cumsum(_changed(rows.actor)) - 1
        starts = self._starts(rows, number)
        if not len(starts):
            return
        cohort = self._bucket(rows.time[starts])
        back = rows.bits & _BACK > 0
        # The start event itself is no return to its own bucket.
        itself = starts[_all_tied(rows, starts, back)]
        other = back.copy()
        other[itself] = False
        if self._asked.returning is Returning.ROLLING:
            begun = np.full(number[-1] + 1, np.iinfo(np.int64).max)
            begun[number[starts]] = rows.time[starts]
            shown = self._shown_after(rows, number, other, begun)
            cells = np.arange(self._asked.offsets + 1)[None, :] + np.zeros(len(starts), np.int64)[:, None]
            hits = shown[number[starts][:, None], cells]
        else:
            hits = self._hits(rows, number, (back, other), starts, cohort)
        if self._asked.include_start:
            hits[:, 0] = True
        self._count(cohort, first_values(rows, starts, _START) if rows.values else None, hits)

    def _starts(self, rows: Stretch, number: Integers) -> Integers:
        """Return the rows of the start events that put actors into cohorts, of each actor in the order of time."""
        found = np.flatnonzero(rows.bits & _START)
        if self._asked.cohort is CohortKind.RECURRING:
            found = found[rows.time[found] < self._calendar.end]
            bucket = self._bucket(rows.time[found])
            return found[_changed(number[found]) | _changed(bucket)]
        found = found[_changed(number[found])]
        if self._asked.cohort is CohortKind.FIRST_EVER:
            named = np.flatnonzero(rows.bits & _NAMED)
            named = named[_changed(number[named])]
            first = np.full(number[-1] + 1 if len(number) else 0, -1)
            first[number[named]] = rows.time[named]
            found = found[rows.time[found] == first[number[found]]]
        time = rows.time[found]
        return found[(time >= self._calendar.start) & (time < self._calendar.end)]

    def _bucket(self, time: Integers) -> Integers:
        """Return which of all buckets instants are in; before the first one -1."""
        bucket = self._calendar.clock.bucket(time, self._asked.unit)
        return np.searchsorted(self._ordinals, bucket, "right") - 1

    def _hits(
        self, rows: Stretch, number: Integers, backs: tuple[Flags, Flags], starts: Integers, cohort: Integers
    ) -> Flags:
        """Return for each start and offset whether the actor returned, by calendar buckets."""
        back, other = (self._shown(rows, number, each) for each in backs)
        if self._asked.returning is Returning.ON_OR_AFTER:
            later = np.logical_or.accumulate(back[:, ::-1], axis=1)[:, ::-1]
            other[:, :-1] |= later[:, 1:]
            back = later
        who = number[starts]
        hits: Flags = back[who[:, None], cohort[:, None] + np.arange(self._asked.offsets + 1)[None, :]]
        hits[:, 0] = other[who, cohort]
        return hits

    def _shown(self, rows: Stretch, number: Integers, flags: Flags) -> Flags:
        found = np.flatnonzero(flags & (rows.time >= self._calendar.clock.begin(self._calendar.all[0])))
        shown = np.zeros((number[-1] + 1, len(self._ordinals)), bool)
        shown[number[found], self._bucket(rows.time[found])] = True
        return shown

    def _shown_after(self, rows: Stretch, number: Integers, flags: Flags, begun: Integers) -> Flags:
        found = np.flatnonzero(flags)
        after = rows.time[found] - begun[number[found]]
        offset = after // rolling_us(self._asked.unit)
        kept = (after >= 0) & (offset <= self._asked.offsets)
        shown = np.zeros((len(begun), self._asked.offsets + 1), bool)
        shown[number[found[kept]], offset[kept]] = True
        return shown

    def _count(self, cohort: Integers, values: npt.NDArray[Any] | None, hits: Flags) -> None:
        texts: list[str | None] = [None]
        cell = cohort
        if values is not None:
            known: dict[str | None, int] = {}
            of = np.array([known.setdefault(value, len(known)) for value in values.tolist()], np.int64)
            texts, cell = list(known), of * len(self._calendar.all) + cohort
        size = len(texts) * len(self._calendar.all)
        columns = [np.bincount(cell, minlength=size)]
        columns += [np.bincount(cell[hits[:, offset]], minlength=size) for offset in range(hits.shape[1])]
        for at in np.flatnonzero(columns[0]).tolist():
            key = Cohort(self._calendar.all[at % len(self._calendar.all)], texts[at // len(self._calendar.all)])
            self.actors[key] += int(columns[0][at])
            for offset, column in enumerate(columns[1:]):
                if column[at]:
                    self.returned[key, offset] += int(column[at])


def _blocks(stretch: Stretch, actors: int) -> Iterator[Stretch]:
    """Yield the rows of so many actors at a time."""
    firsts = np.flatnonzero(_changed(stretch.actor))
    cuts = [*firsts[:: max(actors, 1)].tolist(), len(stretch.actor)]
    for first, end in pairwise(cuts):
        part = slice(first, end)
        yield Stretch(
            stretch.actor[part], stretch.time[part], stretch.bits[part], tuple(each[part] for each in stretch.values)
        )


def _changed(values: npt.NDArray[Any]) -> Flags:
    """Return which values are unlike the one before; the first is."""
    changed = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def _all_tied(rows: Stretch, starts: Integers, back: Flags) -> Flags:
    """Return of which starts every start event of that time is a return event too, so that one of them is no return."""
    found = back[starts].copy()
    at = starts
    among = np.arange(len(starts))
    while len(at):
        at = at + 1
        inside = at < len(rows.time)
        at, among = at[inside], among[inside]
        tied = (rows.time[at] == rows.time[starts[among]]) & (rows.actor[at] == rows.actor[starts[among]])
        at, among = at[tied], among[tied]
        found[among] &= back[at] | (rows.bits[at] & _START == 0)
    return found
