"""
Keys of a store in batches: the rows of some actors at a time, as they lie in segments. Blocking.

A batch holds all wanted rows of its actors, in a few runs.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.keys import Integers, Keys
from services.metrics.analytics.store.manifest import Manifest, Part, Segment
from services.metrics.analytics.store.runs import Codes, Places, Run, Runs, of_some
from services.metrics.analytics.store.schema import NOBODY
from services.metrics.analytics.store.segment_files import SegmentDamaged, keys_of

BATCH_ROWS: Final = 1_000_000
"""Roughly: so much fits into the memory next to a core."""

_LAST: Final = 2**63 - 1
_FEW: Final = 12
_WORTH_A_COPY: Final = 0.2


_NO_PLACES: Final = np.empty(0, np.intp)


class Batch:
    """
    The rows of some tenants, or of some actors of one; they are read when asked for, by any thread.

    Args:
        opened: returns the keys of segments.
        damaged: what is raised when that fails.
        parts: by segment.
        first, last: the range of actors.
    """

    def __init__(
        self,
        opened: Callable[[Sequence[Segment]], "_Keys"],
        damaged: Callable[[SegmentDamaged], Exception],
        parts: Sequence[tuple[Segment, Sequence[Part]]],
        first: int,
        last: int,
    ) -> None:
        self._opened = opened
        self._damaged = damaged
        self._parts = parts
        self._first, self._last = first, last

    def _keys(self) -> "_Keys":
        try:
            return self._opened([segment for segment, _ in self._parts])
        except SegmentDamaged as error:
            raise self._damaged(error) from error

    def times(self) -> Iterator[tuple[Integers, Places]]:
        """Yield the times of all rows, in no order, and the places of those that are not wanted."""
        keys = self._keys()
        for segment, parts in self._parts:
            for start, end, some in _neighbours(parts):
                yield from keys.times(segment, some, (start, end), self._first, self._last)

    def read(self) -> Runs:
        """Return the rows."""
        keys, runs = self._keys(), []
        for segment, parts in self._parts:
            for start, end, some in _neighbours(parts):
                runs += keys.read(segment, some, (start, end), self._first, self._last)
        runs = [run for run in runs if len(run)]
        if not runs:
            return Runs(keys.names, [], np.empty(0, np.int64), [])
        held = pa.array(np.concatenate([run.actors for run in runs])).dictionary_encode()
        known, numbers = held.dictionary.to_numpy(), held.indices.to_numpy()
        tenants = np.empty(len(known), np.intp)
        tenants[numbers] = np.concatenate([run.tenants for run in runs])
        order = np.lexsort((known, tenants))
        place = np.empty(len(order), np.intp)
        place[order] = np.arange(len(order))
        cuts = np.cumsum([len(run.begins) for run in runs])[:-1]
        return Runs(keys.names, runs, known[order], np.split(place[numbers], cuts))


def batches(
    folder: Path,
    manifest: Manifest,
    tenant: str | None,
    wanted: Wanted,
    damaged: Callable[[SegmentDamaged], Exception],
) -> Iterator[Batch]:
    """
    Yield what is wanted of a tenant, of all with None. `wanted.columns` has no meaning here.

    Args:
        folder: of the build.
        manifest: what is in it.
        tenant: whose events.
        wanted: which.
        damaged: what reading a batch raises when a segment is damaged.
    """
    tenants = {part.tenant for segment in manifest.segments for part in segment.parts}
    numbers = {name: at for at, name in enumerate(sorted(tenants))}
    by_tenant: dict[str, list[tuple[Segment, Part]]] = {}
    for segment in manifest.segments:
        for part in segment.of(tenant):
            by_tenant.setdefault(part.tenant, []).append((segment, part))
    for some, first, last in _shares({name: sum(part.rows for _, part in parts) for name, parts in by_tenant.items()}):
        parts: dict[str, tuple[Segment, list[Part]]] = {}
        for segment, part in (each for name in some for each in by_tenant[name]):
            if _is_in_period(part, wanted):
                parts.setdefault(segment.name, (segment, []))[1].append(part)
        found = [(segment, sorted(each, key=lambda part: part.start)) for segment, each in parts.values()]
        # Mostly later events come later, so that little has to be moved when runs are merged.
        found.sort(key=lambda each: each[1][0].first_us)
        yield Batch(partial(_Keys, folder, manifest, wanted, numbers), damaged, found, first, last)


class _Keys:
    """The keys of some segments, and what is wanted of them."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        wanted: Wanted,
        tenants: Mapping[str, int],
        segments: Sequence[Segment],
    ) -> None:
        self._wanted = wanted
        self._merges = manifest.merges
        self._erased = manifest.erased
        self._tenants = tenants
        self.names: list[str] = list(wanted.names or ())
        codes = {name: code for code, name in enumerate(self.names)}
        self._keys: dict[str, Keys] = {}
        self._codes: dict[str, Codes | None] = {}
        self._is_wanted: dict[str, npt.NDArray[np.bool_]] = {}
        # The largest one names most of them, so that its codes are what they are here.
        for segment in sorted(segments, key=lambda segment: -segment.file_rows):
            keys = keys_of(folder, segment)
            self._keys[segment.name] = keys
            for name in keys.names if wanted.names is None else ():
                if name not in codes:
                    codes[name] = len(self.names)
                    self.names.append(name)
            places = [codes.get(name, 0) for name in keys.names]
            same = places == list(range(len(places)))
            self._codes[segment.name] = None if same else np.array(places, np.uint16)
            self._is_wanted[segment.name] = np.array([name in codes for name in keys.names], bool)

    def times(
        self, segment: Segment, parts: Sequence[Part], at: tuple[int, int], first: int, last: int
    ) -> Iterator[tuple[Integers, Places]]:
        """Yield the times in a stretch of a segment, of actors who were in a range when they came in."""
        keys, (start, end) = self._keys[segment.name], at
        if any(part.tenant in self._erased for part in parts):
            for run in self.read(segment, parts, at, first, last):
                yield run.time, run.outside
            return
        if (first, last) != (0, _LAST):
            theirs = keys.actor[start:end]
            low, high = np.searchsorted(theirs, first, "left"), np.searchsorted(theirs, last, "right")
            start, end = start + int(low), start + int(high)
        _, time, outside = self._filtered(segment, parts, slice(start, end))
        yield time, outside

    def read(self, segment: Segment, parts: Sequence[Part], at: tuple[int, int], first: int, last: int) -> list[Run]:
        """Return the wanted rows of a stretch of a segment, of actors who are in a range now."""
        held = self._keys[segment.name].actor
        (start, end), tenants = at, {part.tenant for part in parts}
        pairs = {old: new for tenant in tenants for old, new in self._merges.get(tenant, {}).items()}
        runs: list[Run] = []
        if (first, last) != (0, _LAST):
            theirs = held[start:end]
            for old, new in pairs.items():
                if first <= new <= last and not first <= old <= last:
                    low, high = np.searchsorted(theirs, old, "left"), np.searchsorted(theirs, old, "right")
                    runs.append(self._run(segment, parts, slice(start + int(low), start + int(high))))
            low, high = np.searchsorted(theirs, first, "left"), np.searchsorted(theirs, last, "right")
            start, end = start + int(low), start + int(high)
        runs.append(self._run(segment, parts, slice(start, end)))
        gone = {actor for tenant in tenants for actor in self._erased.get(tenant, ())}
        gone |= {old for old, new in pairs.items() if new in gone}
        return [_now(run, pairs, gone, first, last) for run in runs] if pairs or gone else runs

    def _filtered(self, segment: Segment, parts: Sequence[Part], at: slice) -> tuple[Any, Integers, Places]:
        """Return rows (some, or the whole slice), their times, and which of them are not wanted."""
        keys, wanted = self._keys[segment.name], self._is_wanted[segment.name]
        rows: Any = at
        if not wanted.all():
            rows = np.flatnonzero(_among(keys.code[at], np.flatnonzero(wanted))) + at.start
        time = keys.time[rows]
        first, end = self._wanted.first_us, self._wanted.end_us
        late = first is not None and any(part.first_us < first for part in parts)
        early = end is not None and any(part.last_us >= end for part in parts)
        nobody = not self._wanted.nobody and any(part.first_actor == NOBODY for part in parts)
        if not (late or early or nobody):
            return rows, time, _NO_PLACES
        inside = time >= first if late else np.ones(len(time), bool)
        if early:
            inside &= time < end
        if nobody:
            inside &= keys.actor[rows] != NOBODY
        missing = len(inside) - int(np.count_nonzero(inside))
        if missing <= _WORTH_A_COPY * len(inside):
            return rows, time, np.flatnonzero(~inside) if missing else _NO_PLACES
        return np.flatnonzero(inside) + at.start if rows is at else rows[inside], time[inside], _NO_PLACES

    def _run(self, segment: Segment, parts: Sequence[Part], at: slice) -> Run:
        keys, codes = self._keys[segment.name], self._codes[segment.name]
        rows, time, outside = self._filtered(segment, parts, at)
        actor = keys.actor[rows]
        begins = _begins(actor)
        tenants = np.array([self._tenants[part.tenant] for part in parts], np.intp)
        if len(parts) > 1:
            places = begins + at.start if rows is at else rows[begins]
            starts = np.array([part.start for part in parts], np.intp)
            owners = tenants[np.searchsorted(starts, places, "right") - 1]
        else:
            owners = np.repeat(tenants, len(begins))
        code = keys.code[rows] if codes is None else codes[keys.code[rows]]
        return Run(time, code, begins, actor[begins], owners, outside)


def _is_in_period(part: Part, wanted: Wanted) -> bool:
    first, end = wanted.first_us, wanted.end_us
    return (first is None or part.last_us >= first) and (end is None or part.first_us < end)


def _shares(rows: Mapping[str, int]) -> Iterator[tuple[list[str], int, int]]:
    """Yield tenants whose rows make a batch together, with a range of actors; large ones alone and several times."""
    gathered: list[str] = []
    held = 0
    for name in sorted(rows):
        if held and held + rows[name] > BATCH_ROWS:
            yield gathered, 0, _LAST
            gathered, held = [], 0
        if rows[name] > 2 * BATCH_ROWS:
            # Actors are spread evenly over the numbers.
            count = rows[name] // BATCH_ROWS
            width = 2**63 // count
            for number in range(count):
                yield [name], number * width, _LAST if number == count - 1 else (number + 1) * width - 1
        else:
            gathered.append(name)
            held += rows[name]
    if gathered:
        yield gathered, 0, _LAST


def _neighbours(parts: Sequence[Part]) -> Iterator[tuple[int, int, list[Part]]]:
    """Yield stretches of a file that parts fill without gaps."""
    some: list[Part] = []
    for part in parts:
        if some and some[-1].start + some[-1].rows != part.start:
            yield some[0].start, some[-1].start + some[-1].rows, some
            some = []
        some.append(part)
    if some:
        yield some[0].start, some[-1].start + some[-1].rows, some


def _among(code: Codes, wanted: Places) -> npt.NDArray[np.bool_]:
    """Return which codes are among some. A few comparisons are faster than a table."""
    if len(wanted) > _FEW:
        table = np.zeros(int(code.max(initial=0)) + 1, bool)
        table[wanted[wanted < len(table)]] = True
        return table[code]
    found = np.zeros(len(code), bool)
    for each in wanted.tolist():
        found |= code == each
    return found


def _begins(actor: Integers) -> Places:
    if not len(actor):
        return np.empty(0, np.intp)
    begins = np.flatnonzero(actor[1:] != actor[:-1])
    begins += 1
    return np.concatenate((np.zeros(1, np.intp), begins))


def _now(run: Run, pairs: Mapping[int, int], gone: set[int], first: int, last: int) -> Run:
    """Return a run with who is who now, of those in a range, without who was erased under any number."""
    actors = run.actors
    kept = ~_among_some(actors, gone)
    moved = np.flatnonzero(_among_some(actors, pairs))
    if len(moved):
        actors = actors.copy()
        actors[moved] = [pairs[each] for each in actors[moved].tolist()]
        kept &= (actors >= first) & (actors <= last)
    return of_some(replace(run, actors=actors), kept)


def _among_some(actors: Integers, some: Collection[int]) -> npt.NDArray[np.bool_]:
    if not some:
        return np.zeros(len(actors), bool)
    ordered = np.sort(np.fromiter(some, np.int64, len(some)))
    found: npt.NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, actors), len(ordered) - 1)] == actors
    return found
