"""Rows of a store as arrays, in the order of actors and time. Blocking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.store.keys import Integers, Keys
from services.metrics.analytics.store.manifest import Manifest, Part, Segment
from services.metrics.analytics.store.ordering import order_of, renamed, without
from services.metrics.analytics.store.rows import joined_column
from services.metrics.analytics.store.schema import NOBODY
from services.metrics.analytics.store.segment_files import columns_of, keys_of

MOST_ROWS: Final = 2_000_000
"""Of one stretch, roughly: so much is in memory at once."""

Codes = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Rows:
    """
    A stretch of events.

    Attributes:
        names: of events.
        actor: who, after all merges; int64, 0 for nobody.
        time: when, microseconds since 1970, UTC; int64.
        code: index in `names`; uint16.
        columns: those that were asked for, as `pyarrow` arrays; texts as dictionaries.
    """

    names: Sequence[str]
    actor: Integers
    time: Integers
    code: Codes
    columns: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.actor)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which events, and what of them.

    Attributes:
        names: of the events; None for all.
        columns: beside actor, time and name: of `schema.FIXED`, or of properties (`PropertyColumn.column`).
        first_us, end_us: only events from the one time on and before the other; microseconds since 1970.
        nobody: whether events of nobody are wanted too (actor 0).
    """

    names: Sequence[str] | None = None
    columns: Sequence[str] = ()
    first_us: int | None = None
    end_us: int | None = None
    nobody: bool = False


class _Piece(NamedTuple):
    segment: Segment
    part: Part


class _Run(NamedTuple):
    actor: Integers
    time: Integers
    code: Codes
    columns: Any


def read_rows(folder: Path, manifest: Manifest, tenant: str | None, wanted: Wanted) -> Iterator[Rows]:
    """See `Snapshot.arrays`. Raises SegmentDamaged."""
    return _Reading(folder, manifest, wanted).stretches(tenant)


class _Reading:
    def __init__(self, folder: Path, manifest: Manifest, wanted: Wanted) -> None:
        self._folder = folder
        self._manifest = manifest
        self._wanted = wanted
        self._names: list[str] = list(wanted.names or ())
        self._all = wanted.names is None
        self._codes = {name: code for code, name in enumerate(self._names)}
        self._keys: dict[str, Keys] = {}

    def stretches(self, tenant: str | None) -> Iterator[Rows]:
        by_tenant: dict[str, list[_Piece]] = {}
        for segment in self._manifest.segments:
            for part in segment.of(tenant):
                if self._is_in_period(part):
                    by_tenant.setdefault(part.tenant, []).append(_Piece(segment, part))
        gathered: list[_Run] = []
        for name, pieces in by_tenant.items():
            for first, last in _ranges(pieces):
                run = self._merged(name, pieces, first, last)
                if gathered and sum(len(each.actor) for each in gathered) + len(run.actor) > MOST_ROWS:
                    yield self._rows(gathered)
                    gathered = []
                if len(run.actor):
                    gathered.append(run)
        if gathered:
            yield self._rows(gathered)

    def _is_in_period(self, part: Part) -> bool:
        first, end = self._wanted.first_us, self._wanted.end_us
        return (first is None or part.last_us >= first) and (end is None or part.first_us < end)

    def _merged(self, tenant: str, pieces: Sequence[_Piece], first: int, last: int) -> _Run:
        """Return the rows of the actors in a range, whoever they are now."""
        pairs = self._manifest.merges.get(tenant, {})
        froms = [each for each, into in pairs.items() if first <= into <= last and not first <= each <= last]
        runs = []
        for segment, part in sorted(pieces, key=lambda piece: (piece.part.first_us, piece.part.last_us)):
            runs.extend(self._selected(segment, part, first, last))
            if froms:
                runs.extend(self._selected_of(segment, part, froms))
        current = [self._current(run, tenant, first, last) for run in runs]
        run = current[0] if len(current) == 1 else _joined(current, self._wanted.columns)
        order = order_of(run.actor, run.time)
        return run if order is None else _taken(run, order)

    def _current(self, run: _Run, tenant: str, first: int, last: int) -> _Run:
        """Return the rows with who is who now, of those in the range, without who was erased under any number."""
        actor = renamed(run.actor, self._manifest.merges.get(tenant, {}))
        gone = self._manifest.erased.get(tenant)
        if actor is not run.actor:
            stays = (actor >= first) & (actor <= last)
            if gone:
                stays &= ~np.isin(run.actor, list(gone)) & ~np.isin(actor, list(gone))
            return _taken(_Run(actor, *run[1:]), np.flatnonzero(stays))
        left = without(actor, gone) if gone else None
        return run if left is None else _taken(run, left)

    def _selected(self, segment: Segment, part: Part, first: int, last: int) -> list[_Run]:
        keys = self._keys_of(segment)
        end = part.start + part.rows
        if part.first_actor >= first and part.last_actor <= last:
            start = part.start
        else:
            actors = keys.actor[part.start : end]
            end = part.start + int(np.searchsorted(actors, last, "right"))
            start = part.start + int(np.searchsorted(actors, first, "left"))
        if not self._wanted.nobody and start < end and keys.actor[start] == NOBODY:
            start += int(np.searchsorted(keys.actor[start:end], NOBODY, "right"))
        return self._filtered(segment, keys, np.arange(start, end) if self._all else None, start, end)

    def _selected_of(self, segment: Segment, part: Part, actors: Sequence[int]) -> list[_Run]:
        keys = self._keys_of(segment)
        wanted = np.sort(np.fromiter(actors, np.int64, len(actors)))
        held = keys.actor[part.start : part.start + part.rows]
        starts, ends = np.searchsorted(held, wanted, "left"), np.searchsorted(held, wanted, "right")
        runs = []
        for start, end in zip(starts[ends > starts].tolist(), ends[ends > starts].tolist(), strict=True):
            runs.extend(self._filtered(segment, keys, None, part.start + start, part.start + end))
        return runs

    def _filtered(self, segment: Segment, keys: Keys, rows: Any, start: int, end: int) -> list[_Run]:
        if start >= end:
            return []
        lut, wanted = self._translation(keys)
        code = keys.code[start:end]
        if rows is None:
            rows = np.flatnonzero(wanted[code]) + start
        first, until = self._wanted.first_us, self._wanted.end_us
        if first is not None or until is not None:
            time = keys.time[rows]
            inside = np.ones(len(rows), bool)
            if first is not None:
                inside &= time >= first
            if until is not None:
                inside &= time < until
            rows = rows[inside]
        if not len(rows):
            return []
        whole = len(rows) == end - start
        picked = slice(start, end) if whole else rows
        table = None
        if self._wanted.columns:
            table = columns_of(self._folder, segment, self._wanted.columns, start, end - start)
            table = table if whole else table.take(pa.array(rows - start))
        return [_Run(keys.actor[picked], keys.time[picked], lut[keys.code[picked]], table)]

    def _translation(self, keys: Keys) -> tuple[Codes, npt.NDArray[np.bool_]]:
        lut = np.zeros(len(keys.names), np.uint16)
        wanted = np.zeros(len(keys.names), bool)
        for code, name in enumerate(keys.names):
            found = self._codes.get(name)
            if found is None and self._all:
                found = self._codes[name] = len(self._names)
                self._names.append(name)
            if found is not None:
                lut[code], wanted[code] = found, True
        return lut, wanted

    def _keys_of(self, segment: Segment) -> Keys:
        keys = self._keys.get(segment.name)
        if keys is None:
            keys = self._keys[segment.name] = keys_of(self._folder, segment)
        return keys

    def _rows(self, runs: Sequence[_Run]) -> Rows:
        run = runs[0] if len(runs) == 1 else _joined(runs, self._wanted.columns)
        columns = (
            {} if run.columns is None else {name: joined_column(run.columns[name]) for name in self._wanted.columns}
        )
        return Rows(self._names, run.actor, run.time, run.code, columns)


def _ranges(pieces: Sequence[_Piece]) -> Iterator[tuple[int, int]]:
    """Yield ranges of actors that hold some millions of rows at most, and all actors together."""
    rows = sum(piece.part.rows for piece in pieces)
    count = -(-rows // MOST_ROWS)
    if count <= 1:
        yield 0, 2**63 - 1
        return
    # Actors are spread evenly over the numbers.
    width = 2**63 // count
    for number in range(count):
        yield number * width, 2**63 - 1 if number == count - 1 else (number + 1) * width - 1


def _joined(runs: Sequence[_Run], columns: Sequence[str]) -> _Run:
    if not runs:
        empty = np.empty(0, np.int64)
        return _Run(empty, empty, np.empty(0, np.uint16), None)
    tables = [run.columns for run in runs if run.columns is not None]
    return _Run(
        np.concatenate([run.actor for run in runs]),
        np.concatenate([run.time for run in runs]),
        np.concatenate([run.code for run in runs]),
        pa.concat_tables(tables, promote_options="permissive") if columns else None,
    )


def _taken(run: _Run, rows: npt.NDArray[np.intp]) -> _Run:
    table = None if run.columns is None else run.columns.take(pa.array(rows))
    return _Run(run.actor[rows], run.time[rows], run.code[rows], table)
