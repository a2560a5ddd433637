"""
Rows of segments as pieces of a batch: what is wanted of them, with the codes of the batch. Blocking.

Whatever is done for each piece costs more than its rows where tenants are small: as little as can be is.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.key_files import KeyFiles, OpenKeys, begins_of
from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.manifest import Manifest, Part, Segment
from services.metrics.analytics.store.runs import NO_PLACES, Codes, Places, Runs, joined
from services.metrics.analytics.store.schema import NOBODY
from services.metrics.analytics.store.segment_files import SegmentDamaged

_WORTH_A_COPY: Final = 0.2
"""When so many rows are not wanted, all others are copied."""
_FEW: Final = 12


class Stretch(NamedTuple):
    """Rows of a segment that are neighbours, and the parts they are of."""

    segment: Segment
    parts: Sequence[Part]
    start: int
    end: int

    @property
    def has_nobody(self) -> bool:
        """Whether there are rows of nobody."""
        return any(part.first_actor == NOBODY for part in self.parts)


class Store(NamedTuple):
    """
    Where batches are read from.

    Attributes:
        folder: of the build.
        manifest: what is in it.
        files: that stay open.
        damaged: what reading a batch raises when a segment is damaged.
    """

    folder: Path
    manifest: Manifest
    files: KeyFiles
    damaged: Callable[[SegmentDamaged], Exception]


class Opened:
    """
    The keys of some segments, and what is wanted of them.

    Attributes:
        names: of events, of all segments.
        keys: by segment.
    """

    def __init__(self, store: Store, wanted: Wanted, stretches: Sequence[Stretch]) -> None:
        self._wanted = wanted
        self.names: list[str] = list(wanted.names or ())
        self.keys: dict[str, OpenKeys] = {}
        self._codes: dict[str, Codes | None] = {}
        self._is_wanted: dict[str, Places | None] = {}
        codes = {name: code for code, name in enumerate(self.names)}
        segments = {stretch.segment.name: stretch.segment for stretch in stretches}
        # The largest one names most of them, so that its codes are what they are here.
        for segment in sorted(segments.values(), key=lambda segment: -segment.file_rows):
            try:
                keys = self.keys[segment.name] = store.files.of(store.folder, segment)
            except SegmentDamaged as error:
                raise store.damaged(error) from error
            for name in keys.names if wanted.names is None else ():
                if name not in codes:
                    codes[name] = len(self.names)
                    self.names.append(name)
            places = [codes.get(name, -1) for name in keys.names]
            same = places == list(range(len(places)))
            self._codes[segment.name] = None if same else np.array(places).astype(np.uint16)
            known = [at for at, place in enumerate(places) if place >= 0]
            self._is_wanted[segment.name] = None if len(known) == len(places) else np.array(known, np.intp)

    def piece(self, stretch: Stretch, start: int, end: int) -> "Piece":
        """Return what is wanted of some rows."""
        keys, codes = self.keys[stretch.segment.name], self._codes[stretch.segment.name]
        rows = self.wanted(stretch, start, end)
        time = keys.time[start:end] if rows is None else keys.time.take(rows)
        outside = self.outside(stretch, time)
        if outside is not None and np.count_nonzero(outside) > _WORTH_A_COPY * len(outside):
            inside = np.flatnonzero(~outside)
            rows, time, outside = inside + start if rows is None else rows.take(inside), time.take(inside), None
        if rows is None:
            code, (begins, actors) = keys.code[start:end], keys.begins
            if end - start < len(keys.actor):
                low, high = np.searchsorted(begins, (start, end)).tolist()
                begins, actors = begins[low:high] - start, actors[low:high]
        else:
            code, actor = keys.code.take(rows), keys.actor.take(rows)
            begins = begins_of(actor)
            actors = actor.take(begins)
        if stretch.has_nobody:
            # Nobody's rows of one tenant may follow those of another.
            cuts = np.array([part.start for part in stretch.parts], np.intp)
            cuts = cuts - start if rows is None else np.searchsorted(rows, cuts)
            begins = np.union1d(begins, cuts[(cuts >= 0) & (cuts < len(time))])
            actors = keys.actor.take(begins + start if rows is None else rows.take(begins))
        piece = Piece(
            time, code if codes is None else codes.take(code), begins, np.diff(begins, append=len(time)), actors
        )
        return piece if outside is None else self._trimmed(piece, np.flatnonzero(outside))

    def _trimmed(self, piece: "Piece", outside: Places) -> "Piece":
        """Return the runs without some rows, at the beginnings and the ends of them."""
        run = np.searchsorted(piece.begins, outside, "right") - 1
        lengths = piece.lengths - np.bincount(run, minlength=len(piece.begins))
        begins = piece.begins
        if self._wanted.first_us is not None:
            late = piece.time.take(outside) < self._wanted.first_us
            begins = begins + np.bincount(run[late], minlength=len(begins))
        kept = np.flatnonzero(lengths)
        return Piece(piece.time, piece.code, begins.take(kept), lengths.take(kept), piece.actors.take(kept), outside)

    def wanted(self, stretch: Stretch, start: int, end: int) -> Places | None:
        """Return which of some rows have a wanted name; None for all of them."""
        wanted = self._is_wanted[stretch.segment.name]
        if wanted is None:
            return None
        rows = np.flatnonzero(_among(self.keys[stretch.segment.name].code[start:end], wanted))
        rows += start
        return rows

    def outside(self, stretch: Stretch, time: Integers) -> npt.NDArray[np.bool_] | None:
        """Return which of some times are outside of the period; None when none may be."""
        first, end = self._wanted.first_us, self._wanted.end_us
        outside: npt.NDArray[np.bool_] = np.zeros(0, bool)
        if first is not None and any(part.first_us < first for part in stretch.parts):
            outside = time < first
        if end is not None and any(part.last_us >= end for part in stretch.parts):
            outside = outside | (time >= end) if len(outside) else time >= end
        return outside if outside.any() else None


class Piece(NamedTuple):
    """Rows of a segment; see `Runs`."""

    time: Integers
    code: Codes
    begins: Places
    lengths: Places
    actors: Integers
    outside: Places = NO_PLACES


def runs_of(names: Sequence[str], pieces: Sequence[Piece]) -> Runs:
    """Return pieces as one; at least one of them has rows."""
    cuts = list(accumulate((len(piece.time) for piece in pieces), initial=0))
    return Runs(
        names,
        [piece.time for piece in pieces],
        [piece.code for piece in pieces],
        joined([piece.begins + cut for piece, cut in zip(pieces, cuts, strict=False)]),
        joined([piece.lengths for piece in pieces]),
        joined([piece.actors for piece in pieces]),
        joined(
            [piece.outside + cut for piece, cut in zip(pieces, cuts, strict=False) if len(piece.outside)] or [NO_PLACES]
        ),
    )


def neighbours(segment: Segment, parts: Sequence[Part]) -> Iterator[Stretch]:
    """Yield stretches of a file that parts fill without gaps."""
    some: list[Part] = []
    for part in sorted(parts, key=lambda part: part.start):
        if some and some[-1].start + some[-1].rows != part.start:
            yield Stretch(segment, some, some[0].start, some[-1].start + some[-1].rows)
            some = []
        some.append(part)
    if some:
        yield Stretch(segment, some, some[0].start, some[-1].start + some[-1].rows)


def _among(code: Codes, wanted: Places) -> npt.NDArray[np.bool_]:
    """Return which codes are among some. A few comparisons are faster than a table."""
    if len(wanted) > _FEW:
        table = np.zeros(int(code.max(initial=0)) + 1, bool)
        table[wanted[wanted < len(table)]] = True
        return table.take(code)
    found = np.zeros(len(code), bool)
    for each in wanted.tolist():
        found |= code == each
    return found
