"""Rows of one tenant that wait to be put into months: in segments, or in memory. Blocking."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.manifest import Segment
from services.metrics.analytics.store.rows import joined_tables, month_of, numbers_of
from services.metrics.analytics.store.schema import ACTOR, TIME
from services.metrics.analytics.store.segment_files import all_columns, columns_of, keys_of


class WaitingRows(Protocol):
    """The rows."""

    def months(self) -> Mapping[int, int]:
        """Return how many rows there are of each month. Raises SegmentDamaged."""

    def some(self, first: int, last: int, months: Collection[int]) -> Any:
        """Return the rows of a range of actors in some months, in no order. Raises SegmentDamaged."""


class RowsInSegments:
    """
    Rows that are read when they are asked for.

    Args:
        folder: of the build.
        segments: where they are.
        tenant: whose they are.
    """

    def __init__(self, folder: Path, segments: Sequence[Segment], tenant: str) -> None:
        self._folder = folder
        self._segments = segments
        self._tenant = tenant

    def months(self) -> Mapping[int, int]:
        """See `WaitingRows`."""
        counts: dict[int, int] = {}
        for segment in self._segments:
            keys = keys_of(self._folder, segment)
            for part in segment.of(self._tenant):
                for month, rows in _counts(keys.time[part.start : part.start + part.rows]).items():
                    counts[month] = counts.get(month, 0) + rows
        return counts

    def some(self, first: int, last: int, months: Collection[int]) -> Any:
        """See `WaitingRows`."""
        tables = []
        for segment in self._segments:
            keys = keys_of(self._folder, segment)
            for part in segment.of(self._tenant):
                actors = keys.actor[part.start : part.start + part.rows]
                start = part.start + int(np.searchsorted(actors, first, "left"))
                end = part.start + int(np.searchsorted(actors, last, "right"))
                inside = np.isin(month_of(keys.time[start:end]), list(months))
                if inside.any():
                    table = columns_of(self._folder, segment, all_columns(segment), start, end - start)
                    tables.append(table if inside.all() else table.filter(pa.array(inside)))
        return joined_tables(tables)


class RowsInMemory:
    """Rows that were read already; by actor."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self._actor = numbers_of(rows, ACTOR)
        self._time = numbers_of(rows, TIME)

    def months(self) -> Mapping[int, int]:
        """See `WaitingRows`."""
        return _counts(self._time)

    def some(self, first: int, last: int, months: Collection[int]) -> Any:
        """See `WaitingRows`."""
        start = int(np.searchsorted(self._actor, first, "left"))
        end = int(np.searchsorted(self._actor, last, "right"))
        inside = np.isin(month_of(self._time[start:end]), list(months))
        if not inside.any():
            return joined_tables(())
        rows = self._rows.slice(start, end - start)
        return rows if inside.all() else rows.filter(pa.array(inside))


def _counts(time_us: Integers) -> dict[int, int]:
    found, counts = np.unique(month_of(time_us), return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
