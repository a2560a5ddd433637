"""
Keys of a store in batches: the rows of some actors at a time, as they lie in segments. Blocking.

A batch holds all wanted rows of its actors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.key_files import OpenKeys
from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.manifest import Part, Segment
from services.metrics.analytics.store.pieces import Opened, Piece, Store, Stretch, neighbours, runs_of
from services.metrics.analytics.store.runs import NO_PLACES, Places, Runs, joined, of_some
from services.metrics.analytics.store.schema import NOBODY

BATCH_ROWS: Final = 500_000
"""Roughly: so much fits into the memory next to a core."""

_LAST: Final = 2**63 - 1


class Batch:
    """
    The rows of some tenants, or of some actors of one; they are read when asked for, by any thread.

    Args:
        store: see there.
        wanted: which rows.
        tenants: whose.
        stretches: all of the tenants.
        actors: the first and the last one of a range.
    """

    def __init__(
        self,
        store: Store,
        wanted: Wanted,
        tenants: Sequence[str],
        stretches: Sequence[Stretch],
        actors: tuple[int, int],
    ) -> None:
        self._store = store
        self._wanted = wanted
        self._tenants = tenants
        self._stretches = stretches
        self._first, self._last = actors

    def times(self) -> Iterator[tuple[Integers, Places]]:
        """Yield the times of all rows, in no order, and the places of those that are not wanted."""
        if any(tenant in self._erased for tenant in self._tenants):
            runs = self.read()
            if runs.times:
                yield joined(runs.times), runs.outside
            return
        files = Opened(self._store, self._wanted, self._stretches)
        for stretch in self._stretches:
            keys = files.keys[stretch.segment.name]
            start, end = self._in_range(keys, stretch)
            rows = files.wanted(stretch, start, end)
            time = keys.time[start:end] if rows is None else keys.time.take(rows)
            outside = files.outside(stretch, time)
            if stretch.has_nobody and not self._wanted.nobody:
                is_nobody = (keys.actor[start:end] if rows is None else keys.actor.take(rows)) == NOBODY
                outside = is_nobody if outside is None else outside | is_nobody
            yield time, NO_PLACES if outside is None else np.flatnonzero(outside)

    def read(self) -> Runs:
        """Return the rows."""
        files = Opened(self._store, self._wanted, self._stretches)
        froms, intos = _pairs(self._store.manifest.merges, self._tenants)
        pieces: list[Piece] = []
        # Who was outside of the range when the rows came in, and is inside now.
        incoming = froms[self._is_in_range(intos) & ~self._is_in_range(froms)]
        for stretch in self._stretches:
            keys = files.keys[stretch.segment.name]
            places = [*_places_of(keys.actor, stretch, incoming), self._in_range(keys, stretch)]
            pieces += [files.piece(stretch, start, end) for start, end in places if start < end]
        pieces = [piece for piece in pieces if len(piece.time)]
        if not pieces:
            return Runs(files.names, [], [], NO_PLACES, NO_PLACES, np.empty(0, np.int64), NO_PLACES)
        return self._now(runs_of(files.names, pieces), froms, intos)

    @property
    def _erased(self) -> Mapping[str, frozenset[int]]:
        return self._store.manifest.erased

    def _in_range(self, keys: OpenKeys, stretch: Stretch) -> tuple[int, int]:
        start, end = stretch.start, stretch.end
        if (self._first, self._last) == (0, _LAST):
            return start, end
        theirs = keys.actor[start:end]
        low, high = np.searchsorted(theirs, self._first, "left"), np.searchsorted(theirs, self._last, "right")
        return start + int(low), start + int(high)

    def _is_in_range(self, actors: Integers) -> npt.NDArray[np.bool_]:
        return (actors >= self._first) & (actors <= self._last)

    def _now(self, runs: Runs, froms: Integers, intos: Integers) -> Runs:
        """Return runs with who is who now, of those in the range, without who was erased under any number."""
        gone = np.array([each for tenant in self._tenants for each in self._erased.get(tenant, ())], np.int64)
        gone = np.sort(np.concatenate((gone, froms[_among_some(intos, np.sort(gone))])))
        kept = ~_among_some(runs.actors, gone)
        if not self._wanted.nobody:
            kept &= runs.actors != NOBODY
        moved = np.flatnonzero(_among_some(runs.actors, froms))
        if len(moved):
            actors = runs.actors.copy()
            actors[moved] = intos[np.searchsorted(froms, actors[moved])]
            kept &= self._is_in_range(actors)
            runs = replace(runs, actors=actors)
        return of_some(runs, kept)


def batches(store: Store, tenant: str | None, wanted: Wanted) -> Iterator[Batch]:
    """Yield what is wanted of a tenant, of all with None. `wanted.columns` has no meaning here."""
    by_tenant: dict[str, list[tuple[Segment, Part]]] = {}
    for segment in store.manifest.segments:
        for part in segment.of(tenant):
            by_tenant.setdefault(part.tenant, []).append((segment, part))
    for some, first, last in _shares({name: sum(part.rows for _, part in parts) for name, parts in by_tenant.items()}):
        parts: dict[str, tuple[Segment, list[Part]]] = {}
        for segment, part in (each for name in some for each in by_tenant[name]):
            if _is_in_period(part, wanted):
                parts.setdefault(segment.name, (segment, []))[1].append(part)
        found = [stretch for segment, each in parts.values() for stretch in neighbours(segment, each)]
        # Mostly later events come later, so that little has to be moved when runs are merged.
        found.sort(key=lambda stretch: stretch.parts[0].first_us)
        yield Batch(store, wanted, some, found, (first, last))


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


def _pairs(merges: Mapping[str, Mapping[int, int]], tenants: Sequence[str]) -> tuple[Integers, Integers]:
    """Return who is somebody else now, ascending, and who that is."""
    pairs = {old: new for tenant in tenants for old, new in merges.get(tenant, {}).items()}
    froms = np.fromiter(pairs, np.int64, len(pairs))
    order = np.argsort(froms)
    return froms[order], np.fromiter(pairs.values(), np.int64, len(pairs))[order]


def _places_of(actor: Integers, stretch: Stretch, some: Integers) -> Iterator[tuple[int, int]]:
    """Yield where in a stretch the rows of each of some actors begin and end."""
    if not len(some):
        return
    theirs = actor[stretch.start : stretch.end]
    starts, ends = np.searchsorted(theirs, some, "left"), np.searchsorted(theirs, some, "right")
    for at in np.flatnonzero(ends > starts).tolist():
        yield stretch.start + int(starts[at]), stretch.start + int(ends[at])


def _among_some(actors: Integers, some: Integers) -> npt.NDArray[np.bool_]:
    """Return which actors are among some, which ascend."""
    if not len(some):
        return np.zeros(len(actors), bool)
    found: npt.NDArray[np.bool_] = some.take(np.minimum(np.searchsorted(some, actors), len(some) - 1)) == actors
    return found
