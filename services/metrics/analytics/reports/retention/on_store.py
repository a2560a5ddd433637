"""Retention on the store: for each actor, the buckets in which they returned. Blocking."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import Scope, Selection, Unit
from services.metrics.analytics.reports.reading import Source, Stretch, computed, first_values
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.retention.results import Calendar, Cohort, RetentionTally, rolling_us
from services.metrics.analytics.store.engine import Limits

_START: Final = 1
_BACK: Final = 2
_NAMED: Final = 4
_EARLY: Final = -1
_CELLS_AT_ONCE: Final = 32_000_000

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def tally_on_store(asked: Retention, scope: Scope, source: Source, limits: Limits) -> RetentionTally:
    """Return what there is to count of retention in a period."""
    calendar = Calendar(asked, scope)
    wanted = reading.Events(
        selections=selections_of(asked, scope),
        start=calendar.start if asked.cohort is CohortKind.RECURRING else None,
        end=calendar.observed,
        tenant=scope.tenant,
        values=() if asked.breakdown is None else (asked.breakdown.property,),
    )
    actors: Counter[Cohort] = Counter()
    returned: Counter[tuple[Cohort, int]] = Counter()
    for counted in computed(source, wanted, limits, _Counting(asked, calendar).counted):
        for cohort, counts in counted:
            actors[cohort] += counts[0]
            for offset, count in enumerate(counts[1:]):
                if count:
                    returned[cohort, offset] += count
    return RetentionTally(actors, returned)


def selections_of(asked: Retention, scope: Scope) -> tuple[Selection, ...]:
    """Return start events, return events, and with FIRST_EVER the events among which the first has to be a start."""
    start, back = (replace(each, filters=each.filters + scope.filters) for each in (asked.start, asked.back))
    named = (Selection(asked.start.event),) if asked.cohort is CohortKind.FIRST_EVER else ()
    return (start, back, *named)


class _Counting:
    """Counts stretches, of any number of threads."""

    def __init__(self, asked: Retention, calendar: Calendar) -> None:
        self._asked = asked
        self._calendar = calendar
        self._ordinals = np.array(calendar.all, np.int64)
        self._offsets = asked.offsets + 1

    def counted(self, stretch: Stretch) -> list[tuple[Cohort, list[int]]]:
        """Return for each cohort how many actors it has, and how many of them returned at each offset."""
        blocks = _blocks(stretch, _CELLS_AT_ONCE // len(self._ordinals))
        return [each for block in blocks for each in self._of_block(block)]

    def _of_block(self, rows: Stretch) -> Iterator[tuple[Cohort, list[int]]]:
        starts = self._starts(rows)
        if not len(starts):
            return
        cohort = self._bucket(rows.time[starts])
        if self._asked.returning is Returning.ROLLING:
            hits = self._hits_after(rows, starts)
        else:
            hits = self._hits(rows, starts, cohort)
        if self._asked.include_start:
            hits[:, 0] = True
        yield from self._sums(cohort, first_values(rows, starts, _START) if rows.values else None, hits)

    def _starts(self, rows: Stretch) -> Integers:
        """Return the rows of the start events that put actors into cohorts, of each actor in the order of time."""
        if self._asked.cohort is not CohortKind.RECURRING and (rows.bits & _START).all():
            found = np.flatnonzero(_changed(rows.actor))
        else:
            found = np.flatnonzero(rows.bits & _START)
        if self._asked.cohort is CohortKind.RECURRING:
            found = found[rows.time[found] < self._calendar.end]
            return found[_changed(rows.actor[found]) | _changed(self._bucket(rows.time[found]))]
        found = found[_changed(rows.actor[found])]
        if self._asked.cohort is CohortKind.FIRST_EVER:
            named = np.flatnonzero(rows.bits & _NAMED)
            named = named[_changed(rows.actor[named])]
            first = np.full(len(rows.actors), -1)
            first[rows.actor[named]] = rows.time[named]
            found = found[rows.time[found] == first[rows.actor[found]]]
        time = rows.time[found]
        return found[(time >= self._calendar.start) & (time < self._calendar.end)]

    def _bucket(self, time: Integers) -> Integers:
        """Return which of all buckets instants are in, which lie in the period or after it."""
        bucket = self._calendar.clock.bucket(time, self._asked.unit)
        if self._asked.unit is Unit.MONTH:
            return np.searchsorted(self._ordinals, bucket)
        bucket -= self._ordinals[0]
        return bucket if self._asked.unit is Unit.DAY else bucket // 7

    def _hits(self, rows: Stretch, starts: Integers, cohort: Integers) -> Flags:
        """Return for each start and offset whether the actor returned, by calendar buckets."""
        first = self._calendar.clock.begin(self._calendar.all[0])
        actor, time, back = rows.actor, rows.time, rows.bits & _BACK > 0
        if not back.all():
            actor, time = actor[back], time[back]
        bucket = self._bucket(time)
        bucket[np.flatnonzero(time < first)] = _EARLY
        # Rows of an actor are in the order of time: those of a bucket are neighbours.
        begins = np.flatnonzero(_changed(actor) | _changed(bucket))
        sizes = np.minimum(np.diff(begins, append=len(actor)), 2)
        counts = np.zeros((len(rows.actors), len(self._ordinals)), np.uint8)
        bucket = bucket.take(begins)
        inside = np.flatnonzero(bucket != _EARLY)
        counts[actor.take(begins.take(inside)), bucket.take(inside)] = sizes.take(inside)
        # The start event itself is no return to its own bucket.
        itself = _all_tied(rows, starts)
        who = rows.actor[starts]
        again = counts[who, cohort] > itself
        if self._asked.returning is Returning.ON_OR_AFTER:
            counts = np.maximum.accumulate(counts[:, ::-1], axis=1)[:, ::-1]
            again |= counts[who, cohort + 1] > 0
        hits = np.empty((len(starts), self._offsets), bool)
        for each in np.unique(cohort).tolist():
            of_cohort = np.flatnonzero(cohort == each)
            hits[of_cohort] = counts[who[of_cohort], each : each + self._offsets]
        hits[:, 0] = again
        return hits

    def _hits_after(self, rows: Stretch, starts: Integers) -> Flags:
        """Return for each start and offset whether the actor returned, so long after the start; one for each actor."""
        begun = np.full(len(rows.actors), np.iinfo(np.int64).max)
        begun[rows.actor[starts]] = rows.time[starts]
        itself = starts[_all_tied(rows, starts)]
        back = np.setdiff1d(np.flatnonzero(rows.bits & _BACK), itself, assume_unique=True)
        after = rows.time[back] - begun[rows.actor[back]]
        offset = after // rolling_us(self._asked.unit)
        kept = (after >= 0) & (offset < self._offsets)
        shown = np.zeros((len(begun), self._offsets), bool)
        shown[rows.actor[back[kept]], offset[kept]] = True
        return shown[rows.actor[starts]]

    def _sums(
        self, cohort: Integers, values: npt.NDArray[Any] | None, hits: Flags
    ) -> Iterator[tuple[Cohort, list[int]]]:
        texts: list[str | None] = [None]
        cell = cohort
        if values is not None:
            known: dict[str | None, int] = {}
            of = np.array([known.setdefault(value, len(known)) for value in values.tolist()], np.int64)
            texts, cell = list(known), of * len(self._ordinals) + cohort
        order = np.argsort(cell, kind="stable")
        begins = np.flatnonzero(_changed(cell[order]))
        sums = np.add.reduceat(hits[order], begins, axis=0, dtype=np.int64)
        sizes = np.diff(begins, append=len(cell))
        for at, size, returned in zip(cell[order][begins].tolist(), sizes.tolist(), sums.tolist(), strict=True):
            bucket, value = at % len(self._ordinals), at // len(self._ordinals)
            yield Cohort(int(self._ordinals[bucket]), texts[value]), [size, *returned]


def _blocks(stretch: Stretch, actors: int) -> Iterator[Stretch]:
    """Yield the rows of so many actors at a time."""
    if len(stretch.actors) <= actors:
        yield stretch
        return
    for number in range(0, len(stretch.actors), max(actors, 1)):
        first, end = np.searchsorted(stretch.actor, (number, number + max(actors, 1)))
        part = slice(int(first), int(end))
        yield Stretch(
            stretch.actors[number : number + max(actors, 1)],
            stretch.actor[part] - number,
            stretch.time[part],
            stretch.bits[part],
            tuple(each[part] for each in stretch.values),
        )


def _changed(values: npt.NDArray[Any]) -> Flags:
    """Return which values are unlike the one before; the first is."""
    changed = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def _all_tied(rows: Stretch, starts: Integers) -> Flags:
    """Return of which starts every start event of that time is a return event too, so that one of them is no return."""
    found: Flags = rows.bits[starts] & _BACK > 0
    at = starts
    among = np.arange(len(starts))
    while len(at):
        at = at + 1
        inside = at < len(rows.time)
        at, among = at[inside], among[inside]
        tied = (rows.time[at] == rows.time[starts[among]]) & (rows.actor[at] == rows.actor[starts[among]])
        at, among = at[tied], among[tied]
        found[among] &= (rows.bits[at] & _BACK > 0) | (rows.bits[at] & _START == 0)
    return found
