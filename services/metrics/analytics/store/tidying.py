"""Makes few large segments of many small ones, and of what must not be seen any more, none. Blocking."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from services.metrics.analytics.store import tidy_plan as plan
from services.metrics.analytics.store.making import SegmentMaker
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.people import Split, SplitUnclear, affected, forgotten, rows_split
from services.metrics.analytics.store.publishing import Publisher
from services.metrics.analytics.store.rows import joined_tables, sorted_rows
from services.metrics.analytics.store.settling import Settling, stretches


class Tidier:
    """
    Tidies one build, a step at a time, beside whoever takes the log in. Each step appears as a whole or not at all.

    Args:
        publisher: of the build.
        clock: seconds since 1970.
        settled: of a build that is made because of splits that only the log can settle: those that stood in the log
            before it was begun; None for any other build.

    Attributes:
        leaves_splits: whether splits are left as they are, for another build will know.
    """

    def __init__(
        self, publisher: Publisher, clock: Callable[[], float], settled: frozenset[Split] | None = None
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._settled = settled
        self._maker = SegmentMaker(publisher, clock)
        self.leaves_splits = False
        self._refused: dict[str, frozenset[str]] = {}
        self._moving: frozenset[str] = frozenset()
        self._forgets = 0

    @property
    def rows(self) -> int:
        """How many rows were written anew."""
        return self._maker.rows

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
        unclean = [each for each in plan.unclean(manifest) if each not in found and not self._is_moving(each, manifest)]
        if found or unclean:
            self._rewrite(manifest, [*found, *unclean])
            return True
        if manifest.erased:
            self._forget()
            return True
        now_us = int(self._clock() * 1_000_000)
        moving = self._to_move(manifest, now_us)
        for group in plan.groups_of(_others(plan.fresh_of(manifest), moving)):
            chosen = plan.to_merge(group, behind=plan.is_behind(manifest, now_us))
            if chosen:
                self._merge(manifest, chosen, now_us)
                return True
        if moving:
            self._move(manifest, moving)
            return True
        return self._settle(manifest, now_us)

    def _is_moving(self, segment: Segment, manifest: Manifest) -> bool:
        """Return whether rows of a segment may stay in its file although they are elsewhere as well by now."""
        # Of whom something was erased since, no row may stay anywhere.
        return segment.name in self._moving and manifest.forgets == self._forgets

    def _to_move(self, manifest: Manifest, now_us: int) -> list[Segment]:
        """Return the segments of several tenants whose rows are put into months, some tenants at a time."""
        moving = [segment for segment in manifest.segments if segment.name in self._moving]
        if not moving:
            moving = plan.to_move(manifest, now_us)
            self._moving = frozenset(segment.name for segment in moving)
        # What must not stay since was written anew by now.
        self._forgets = manifest.forgets
        return moving

    def _merge(self, manifest: Manifest, chosen: Sequence[Segment], now_us: int) -> None:
        """Make one of several segments; tenants with many rows get segments of their own."""
        # In the order in which they were made, in which their rows are mostly.
        tables = [self._maker.all(segment) for segment in sorted(chosen, key=lambda segment: segment.name)]
        rows = sorted_rows(self._maker.people(manifest, joined_tables(tables)))
        made_us = min(segment.made_us for segment in chosen)
        own_rows = plan.OWN_ROWS_BEHIND if plan.is_behind(manifest, now_us) else plan.OWN_ROWS
        made: list[Segment] = []
        few = np.ones(rows.num_rows, bool)
        for start, end in stretches(rows):
            if end - start >= own_rows:
                few[start:end] = False
                made.append(self._maker.written(rows.slice(start, end - start), None, made_us))
        if few.any():
            made.append(self._maker.written(rows if few.all() else rows.filter(pa.array(few)), None, made_us))
        self._swap(chosen, made)

    def _move(self, manifest: Manifest, moving: Sequence[Segment]) -> None:
        """Put all rows of some tenants in segments that are shared into months, with those in their own ones."""
        waiting: dict[str, int] = {}
        names = {part.tenant for segment in moving for part in segment.parts}
        fresh = [*moving, *[segment for segment in plan.fresh_of(manifest) if segment.owner in names]]
        for segment in fresh:
            for part in segment.parts:
                waiting[part.tenant] = waiting.get(part.tenant, 0) + part.rows
        tenants: list[str] = []
        rows = 0
        # In their order they lie together in each of the segments.
        for tenant in sorted(names):
            rows += waiting[tenant]
            if tenants and rows > plan.AT_ONCE:
                break
            tenants.append(tenant)
        theirs = [segment for segment in fresh if any(part.tenant in tenants for part in segment.parts)]
        settled = Settling(self._publisher.folder, self._maker, manifest).of_some(tenants, theirs)
        self._swap([*settled.gone, *theirs], settled.made, tenants)
        if len(tenants) == len(names):
            self._moving = frozenset()
            self._forget()

    def _settle(self, manifest: Manifest, now_us: int) -> bool:
        """Put rows in tenants' own segments into months, where it is worth it; return whether it was anywhere."""
        settling = Settling(self._publisher.folder, self._maker, manifest)
        made: list[Segment] = []
        gone: list[Segment] = []
        for tenant in plan.tenants_to_settle(manifest, now_us):
            fresh = [segment for segment in plan.fresh_of(manifest) if segment.owner == tenant]
            names = frozenset(segment.name for segment in fresh)
            if self._refused.get(tenant) == names:
                continue
            found = settling.of_one(tenant, fresh, now_us)
            if found is None:
                self._refused[tenant] = names
                continue
            gone += [*found.gone, *fresh]
            made += found.made
            if sum(segment.rows for segment in made) >= plan.AT_ONCE:
                break
        if gone:
            self._swap(gone, made)
            self._forget()
        return bool(gone)

    def _rewrite(self, manifest: Manifest, segments: Sequence[Segment]) -> None:
        """Write segments anew without the rows that must not be seen."""
        for segment in segments:
            rows = sorted_rows(self._maker.people(manifest, joined_tables([self._maker.all(segment)])))
            self._swap([segment], self._maker.again(segment, rows))

    def _split(self, manifest: Manifest) -> None:
        """Give the rows of one tenant's actors who are themselves again back to them."""
        tenant, pairs = next(iter(manifest.splits.items()))
        held = [
            (segment, joined_tables([self._maker.all(segment)]))
            for segment in manifest.segments
            if _holds(segment, tenant)
        ]
        changed = [
            (segment, sorted_rows(rows)) for segment, rows in rows_split(held, tenant, pairs, self._settled or ())
        ]
        made = [one for segment, rows in changed for one in self._maker.again(segment, rows)]
        if self._swap([segment for segment, _ in changed], made):
            self._publisher.publish(lambda before: _without_splits(before, tenant, pairs))

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


def _holds(segment: Segment, tenant: str) -> bool:
    return any(part.tenant == tenant for part in segment.parts)


def _others(fresh: Iterable[Segment], moving: Collection[Segment]) -> list[Segment]:
    """Return the segments that do not go along with those that are put into months."""
    names = {segment.name for segment in moving}
    tenants = {part.tenant for segment in moving for part in segment.parts}
    return [segment for segment in fresh if segment.name not in names and segment.owner not in tenants]
