"""Puts the new rows of tenants into their months. Blocking."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from services.metrics.analytics.store import tidy_plan as plan
from services.metrics.analytics.store.making import SegmentMaker, within
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.rows import joined_tables, sorted_rows
from services.metrics.analytics.store.schema import TENANT
from services.metrics.analytics.store.segment_files import rows_of, used_only, with_used_only
from services.metrics.analytics.store.waiting import RowsInMemory, RowsInSegments, WaitingRows

_LAST: Final = 2**63 - 1


class Settled(NamedTuple):
    """What was made of new rows, and of which segments of their months."""

    made: Sequence[Segment]
    gone: Sequence[Segment]


class Settling:
    """
    Puts rows into months, as of one manifest. All methods raise SegmentDamaged, and OSError when they cannot write.

    Args:
        folder: of the build.
        maker: writes segments.
        manifest: what there is.
    """

    def __init__(self, folder: Path, maker: SegmentMaker, manifest: Manifest) -> None:
        self._folder = folder
        self._maker = maker
        self._manifest = manifest

    def of_one(self, tenant: str, fresh: Sequence[Segment], now_us: int) -> Settled | None:
        """Settle rows of segments of a tenant's own, as far as it is worth it; return None when it is not."""
        made_us = _made_us(fresh)
        waiting = RowsInSegments(self._folder, fresh, tenant)
        months = waiting.months()
        chosen = self._chosen(tenant, months, aged=now_us - made_us >= plan.AGED_US)
        return self._settled(tenant, waiting, chosen, made_us) if chosen else None

    def of_some(self, tenants: Sequence[str], fresh: Sequence[Segment]) -> Settled:
        """
        Settle all rows that tenants have in some segments; what is not worth it goes to segments of the tenant's own.
        """
        made: list[Segment] = []
        gone: list[Segment] = []
        for tenant, waiting in self._waiting(tenants, fresh):
            chosen = self._chosen(tenant, waiting.months(), aged=True)
            found = self._settled(tenant, waiting, chosen, _made_us(fresh))
            made += found.made
            gone += found.gone
        return Settled(made, gone)

    def _waiting(self, tenants: Sequence[str], fresh: Sequence[Segment]) -> Iterator[tuple[str, WaitingRows]]:
        if len(tenants) == 1:
            yield tenants[0], RowsInSegments(self._folder, fresh, tenants[0])
            return
        # Read once for all of them, and put into one order.
        tables = []
        for segment in fresh:
            parts = [part for part in segment.parts if part.tenant in tenants]
            tables += [rows_of(self._folder, segment, parts)] if parts else []
        rows = sorted_rows(self._maker.people(self._manifest, joined_tables(tables)))
        for start, end in stretches(rows):
            theirs = rows.slice(start, end - start)
            yield theirs[TENANT][0].as_py(), RowsInMemory(theirs)

    def _chosen(self, tenant: str, months: Mapping[int, int], *, aged: bool) -> set[int]:
        settled = {month: plan.month_of_tenant(self._manifest, tenant, month).rows for month in months}
        return plan.months_to_settle(months, settled, aged=aged)

    def _settled(self, tenant: str, waiting: WaitingRows, chosen: set[int], made_us: int) -> Settled:
        """Put the rows of chosen months into these; write the others to segments of the tenant's own."""
        months = waiting.months()
        made: list[Segment] = []
        gone: list[Segment] = []
        moved: list[Any] = []
        for month in sorted(chosen):
            for settled, ranges in plan.month_of_tenant(self._manifest, tenant, month).ranges(months[month]):
                for first, last in ranges:
                    rows = waiting.some(first, last, {month})
                    if settled is not None and (rows.num_rows or len(ranges) > 1):
                        before = self._within(settled, first, last, whole=len(ranges) == 1)
                        # As they are they would bring the texts of all tenants along.
                        rows = joined_tables([before, with_used_only(rows)] if rows.num_rows else [before])
                        gone += [] if settled in gone else [settled]
                    here, elsewhere = within(self._maker.people(self._manifest, rows, tenant), first, last)
                    made += self._maker.pieces(sorted_rows(here), month)
                    moved += [elsewhere] if elsewhere.num_rows else []
        left = {month: rows for month, rows in months.items() if month not in chosen}
        for first, last in plan.cut(0, _LAST, sum(left.values())) if left else ():
            rows = self._maker.people(self._manifest, waiting.some(first, last, left), tenant)
            made += [self._maker.written(sorted_rows(rows), None, made_us)] if rows.num_rows else []
        if moved:
            made.append(self._maker.written(sorted_rows(joined_tables(moved)), None, made_us))
        return Settled(made, gone)

    def _within(self, settled: Segment, first: int, last: int, *, whole: bool) -> Any:
        if whole:
            return self._maker.all(settled)
        return RowsInSegments(self._folder, [settled], settled.parts[0].tenant).some(first, last, [settled.month or 0])


def stretches(rows: Any) -> Iterable[tuple[int, int]]:
    """Return where the rows of each tenant begin and end; they lie together."""
    codes = used_only(rows[TENANT]).indices.to_numpy()
    bounds = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    return pairwise(bounds) if len(codes) else ()


def _made_us(segments: Sequence[Segment]) -> int:
    return min(segment.made_us for segment in segments)
