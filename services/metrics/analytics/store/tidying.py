"""Makes few large segments of many small ones, and of what must not be seen any more, none. Blocking."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.store import tidy_plan as plan
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.people import Split, SplitUnclear, affected, forgotten, rows_split
from services.metrics.analytics.store.publishing import Publisher
from services.metrics.analytics.store.rows import joined_tables, month_of, numbers_of, sorted_rows, with_people
from services.metrics.analytics.store.rows import with_few_properties as narrowed
from services.metrics.analytics.store.schema import ACTOR, TENANT
from services.metrics.analytics.store.segment_files import (
    all_columns,
    columns_of,
    keys_of,
    rows_of,
    used_only,
    with_used_only,
    write_segment,
)

_EVERYBODY: Final = (0, 2**63 - 1)
_MOST_AT_ONCE: Final = 500_000
"""Rows of several tenants that are settled in one step."""


class _Settled(NamedTuple):
    """What is made of the new rows of a tenant, and of which segments of its months."""

    made: Sequence[Segment]
    gone: Sequence[Segment]


class Tidier:
    """
    Tidies one build, a step at a time, beside whoever takes the log in. Each step appears as a whole or not at all.

    Args:
        publisher: of the build.
        clock: seconds since 1970.
        settled: of a build that is made because of splits that only the log can settle: those that stood in the log
            before it was begun; None for any other build.

    Attributes:
        rows: that were written anew.
        leaves_splits: whether splits are left as they are, for another build will know.
    """

    def __init__(
        self, publisher: Publisher, clock: Callable[[], float], settled: frozenset[Split] | None = None
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._settled = settled
        self.rows = 0
        self.leaves_splits = False
        self._refused: dict[str, frozenset[str]] = {}
        self._held: dict[str, Any] = {}

    def step(self) -> bool:
        """
        Do what is most urgent; return whether there was anything.

        Raises:
            Deposed: another process writes the store now.
            SegmentDamaged: a segment cannot be read.
            SplitUnclear: the store has to be made anew.
            OSError: a segment cannot be written.
        """
        manifest = self._publisher.manifest
        if not self.leaves_splits:
            if manifest.unclear and self._settled is None:
                raise SplitUnclear
            if manifest.unclear:
                self._publisher.publish(lambda before: replace(before, unclear=False))
                return True
            if manifest.splits:
                self._split(manifest)
                return True
        found = affected(self._publisher.folder, manifest)
        if found or plan.unclean(manifest):
            self._rewrite(manifest, [*found, *[each for each in plan.unclean(manifest) if each not in found]])
            return True
        if manifest.erased:
            self._forget()
            return True
        fresh = plan.fresh_of(manifest)
        for group in _groups(fresh):
            chosen = plan.to_merge(group)
            if chosen:
                self._merge(manifest, chosen)
                return True
        if self._settle_some(manifest, int(self._clock() * 1_000_000)):
            self._forget()
            return True
        return False

    def _merge(self, manifest: Manifest, chosen: Sequence[Segment]) -> None:
        """Make one of several segments; tenants with many rows get segments of their own."""
        rows = sorted_rows(self._people(manifest, joined_tables([self._all(segment) for segment in chosen])))
        made_us = min(segment.made_us for segment in chosen)
        made: list[Segment] = []
        few = np.ones(rows.num_rows, bool)
        for start, end in _tenants(rows):
            if end - start >= plan.OWN_ROWS:
                few[start:end] = False
                made.append(self._written(rows.slice(start, end - start), None, made_us))
        if few.any():
            made.append(self._written(rows.filter(pa.array(few)), None, made_us))
        self._swap(chosen, made)

    def _settle_some(self, manifest: Manifest, now_us: int) -> bool:
        """Settle tenants whose rows are due; return whether there were any."""
        fresh = plan.fresh_of(manifest)
        shared = plan.shared_and_aged(fresh, now_us)
        if len(shared) > 1:
            # Once they are one, it is read once for all tenants.
            self._merge(manifest, shared)
            return True
        self._held = {segment.name: joined_tables([self._all(segment)]) for segment in shared}
        try:
            return self._settle_each(manifest, fresh, now_us)
        finally:
            self._held = {}

    def _settle_each(self, manifest: Manifest, fresh: Sequence[Segment], now_us: int) -> bool:
        settled: dict[str, _Settled] = {}
        rows = self.rows
        for tenant in plan.tenants_to_settle(manifest, now_us):
            theirs = [segment for segment in fresh if _holds(segment, tenant)]
            names = frozenset(segment.name for segment in theirs)
            if self._refused.get(tenant) == names:
                continue
            found = self._settle(manifest, tenant, theirs, now_us)
            if found is None:
                self._refused[tenant] = names
                continue
            settled[tenant] = found
            if self.rows - rows >= _MOST_AT_ONCE:
                break
        if settled:
            gone = [segment for each in settled.values() for segment in each.gone]
            made = [segment for each in settled.values() for segment in each.made]
            shared = [segment for segment in fresh if any(part.tenant in settled for part in segment.parts)]
            self._swap([*gone, *shared], made, settled)
        return bool(settled)

    def _rewrite(self, manifest: Manifest, segments: Sequence[Segment]) -> None:
        """Write segments anew without the rows that must not be seen."""
        for segment in segments:
            rows = sorted_rows(self._people(manifest, joined_tables([self._all(segment)])))
            self._swap([segment], self._settled_again(segment, rows))

    def _split(self, manifest: Manifest) -> None:
        """Give the rows of one tenant's actors who are themselves again back to them."""
        tenant, pairs = next(iter(manifest.splits.items()))
        held = [
            (segment, joined_tables([self._all(segment)])) for segment in manifest.segments if _holds(segment, tenant)
        ]
        changed = [
            (segment, sorted_rows(rows)) for segment, rows in rows_split(held, tenant, pairs, self._settled or ())
        ]
        made = [one for segment, rows in changed for one in self._settled_again(segment, rows)]
        if self._swap([segment for segment, _ in changed], made):
            self._publisher.publish(lambda before: _without_splits(before, tenant, pairs))

    def _settle(self, manifest: Manifest, tenant: str, fresh: Sequence[Segment], now_us: int) -> _Settled | None:
        """Put the new rows of a tenant into their months, as far as it is worth it; None when it is not."""
        waiting = self._waiting(fresh, tenant)
        months = {month: plan.month_of_tenant(manifest, tenant, month) for month in waiting}
        aged = any(now_us - segment.made_us >= plan.AGED_US for segment in fresh)
        chosen = plan.months_to_settle(
            manifest, waiting, {month: each.rows for month, each in months.items()}, aged=aged
        )
        shared = [segment for segment in fresh if segment.owner != tenant]
        if not chosen and not (aged and shared):
            return None
        made: list[Segment] = []
        gone: list[Segment] = []
        moved: list[Any] = []
        for month in sorted(chosen):
            for settled, first, last in months[month].ranges():
                rows = self._range(fresh, tenant, (first, last), {month})
                if not rows.num_rows:
                    continue
                tables = [rows] if settled is None else [self._all(settled), rows]
                rows = self._people(manifest, joined_tables(tables))
                here, elsewhere = _within(rows, first, last)
                moved.append(elsewhere)
                made.extend(self._pieces(sorted_rows(here), month))
                if settled is not None:
                    gone.append(settled)
        made_us = min(segment.made_us for segment in fresh)
        left = set(waiting) - chosen
        made.extend(self._left(manifest, fresh, tenant, left, made_us) if left else ())
        moved = [each for each in moved if each.num_rows]
        if moved:
            made.append(self._written(sorted_rows(joined_tables(moved)), None, made_us))
        return _Settled(made, gone)

    def _left(
        self, manifest: Manifest, fresh: Sequence[Segment], tenant: str, months: set[int], made_us: int
    ) -> Iterable[Segment]:
        """Write the rows that stay out of their months to segments of the tenant's own."""
        rows = sum(part.rows for segment in fresh for part in segment.of(tenant))
        count = -(-rows // plan.MOST_SETTLED)
        width = 2**63 // count
        for number in range(count):
            last = 2**63 - 1 if number == count - 1 else (number + 1) * width - 1
            found = self._range(fresh, tenant, (number * width, last), months)
            found = self._people(manifest, found)
            if found.num_rows:
                yield self._written(sorted_rows(found), None, made_us)

    def _waiting(self, fresh: Sequence[Segment], tenant: str) -> Mapping[int, int]:
        counts: dict[int, int] = {}
        for segment in fresh:
            keys = keys_of(self._publisher.folder, segment)
            for part in segment.of(tenant):
                months = month_of(keys.time[part.start : part.start + part.rows])
                for month, rows in zip(*[each.tolist() for each in np.unique(months, return_counts=True)], strict=True):
                    counts[month] = counts.get(month, 0) + rows
        return counts

    def _range(self, fresh: Sequence[Segment], tenant: str, actors: tuple[int, int], months: set[int]) -> Any:
        """Return the rows of some actors in some months."""
        tables = []
        for segment in fresh:
            keys = keys_of(self._publisher.folder, segment)
            for part in segment.of(tenant):
                start, end = part.start, part.start + part.rows
                if actors != _EVERYBODY:
                    theirs = keys.actor[start:end]
                    end = start + int(np.searchsorted(theirs, actors[1], "right"))
                    start = start + int(np.searchsorted(theirs, actors[0], "left"))
                inside = np.isin(month_of(keys.time[start:end]), list(months))
                if not inside.any():
                    continue
                held = self._held.get(segment.name)
                if held is None:
                    table = columns_of(self._publisher.folder, segment, all_columns(segment), start, end - start)
                else:
                    # Joined with others as it is, it would bring the texts of all tenants along.
                    table = with_used_only(held.slice(start, end - start))
                tables.append(table if inside.all() else table.filter(pa.array(inside)))
        return joined_tables(tables)

    def _settled_again(self, segment: Segment, rows: Any) -> list[Segment]:
        """Write the rows of a segment anew. Of a month, those of actors beyond its range are written beside it."""
        if not rows.num_rows:
            return []
        if segment.month is None:
            return [self._written(rows, None, segment.made_us)]
        part = segment.parts[0]
        here, elsewhere = _within(rows, part.first_actor, part.last_actor)
        made = self._pieces(here, segment.month)
        return [*made, self._written(elsewhere, None, segment.made_us)] if elsewhere.num_rows else made

    def _pieces(self, rows: Any, month: int) -> list[Segment]:
        """Write rows of a month, ordered by actor, to segments that hold all rows of their actors."""
        if not rows.num_rows:
            return []
        actor = numbers_of(rows, ACTOR)
        count = 1 if len(actor) <= plan.MOST_SETTLED else -(-2 * len(actor) // plan.MOST_SETTLED)
        cuts = {0, len(actor)}
        for number in range(1, count):
            cuts.add(int(np.searchsorted(actor, actor[len(actor) * number // count], "left")))
        bounds = sorted(cuts)
        made_us = int(self._clock() * 1_000_000)
        return [self._written(rows.slice(start, end - start), month, made_us) for start, end in pairwise(bounds)]

    def _written(self, rows: Any, month: int | None, made_us: int) -> Segment:
        self.rows += rows.num_rows
        name = self._publisher.new_name()
        return replace(write_segment(self._publisher.folder, name, narrowed(rows), month), made_us=made_us)

    def _all(self, segment: Segment) -> Any:
        """Return the rows of a segment that may be seen."""
        return rows_of(self._publisher.folder, segment, segment.parts)

    def _people(self, manifest: Manifest, rows: Any) -> Any:
        return with_people(rows, manifest.merges, manifest.erased)

    def _swap(self, gone: Sequence[Segment], made: Sequence[Segment], tenants: Collection[str] | None = None) -> bool:
        """
        Let segments appear in the place of others; with tenants, in the place of their parts of them.

        Returns whether they did: not when what they were made of has changed meanwhile.
        """
        names = {segment.name: segment for segment in gone}
        swapped = False

        def change(before: Manifest) -> Manifest:
            nonlocal swapped
            present = [segment for segment in before.segments if segment.name in names]
            if any(segment != names[segment.name] for segment in present) or len(present) != len(names):
                # A tenant was erased meanwhile: what was made may hold rows of it.
                return before
            swapped = True
            kept: list[Segment] = []
            for segment in before.segments:
                if segment.name not in names:
                    kept.append(segment)
                elif tenants is not None:
                    parts = tuple(part for part in segment.parts if part.tenant not in tenants)
                    kept.extend([replace(segment, parts=parts)] if parts else [])
            return replace(before, segments=(*kept, *made))

        self._publisher.publish(change)
        self._publisher.forget_names(segment.name for segment in made)
        return swapped

    def _forget(self) -> None:
        """Drop what is said of actors of whom no segment holds rows any more."""
        known = self._publisher.manifest
        if known.merges or known.erased:
            gone = forgotten(self._publisher.folder, known)
            self._publisher.publish(gone)


def _without_splits(manifest: Manifest, tenant: str, done: frozenset[tuple[int, int]]) -> Manifest:
    left = manifest.splits.get(tenant, frozenset()) - done
    splits = {each: pairs for each, pairs in manifest.splits.items() if each != tenant}
    return replace(manifest, splits={**splits, tenant: left} if left else splits)


def _groups(fresh: Sequence[Segment]) -> Iterable[list[Segment]]:
    """Return segments that may become one: those of several tenants, and those of each tenant."""
    groups: dict[str | None, list[Segment]] = {}
    for segment in fresh:
        groups.setdefault(segment.owner if segment.rows >= plan.OWN_ROWS else None, []).append(segment)
    return groups.values()


def _holds(segment: Segment, tenant: str) -> bool:
    return any(part.tenant == tenant for part in segment.parts)


def _tenants(rows: Any) -> Iterable[tuple[int, int]]:
    """Return where the rows of each tenant begin and end; they lie together."""
    codes = used_only(rows[TENANT]).indices.to_numpy()
    bounds = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    return pairwise(bounds) if len(codes) else ()


def _within(rows: Any, first: int, last: int) -> tuple[Any, Any]:
    """Return the rows of actors in a range, and the others."""
    if (first, last) == _EVERYBODY:
        return rows, rows.slice(0, 0)
    actor = numbers_of(rows, ACTOR)
    inside: npt.NDArray[np.bool_] = (actor >= first) & (actor <= last)
    if inside.all():
        return rows, rows.slice(0, 0)
    return rows.filter(pa.array(inside)), rows.filter(pa.array(~inside))
