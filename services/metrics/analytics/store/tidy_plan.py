"""Which segments are made into others. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.store.manifest import Manifest, Part, Segment

MANY: Final = 8
"""So many small segments are made into one."""
MOST_MERGED: Final = 1_500_000
"""Rows that are held in memory to be put into order anew."""
MOST_SETTLED: Final = 1_000_000
"""Rows of one segment of a month; it is cut in two beyond."""
OWN_ROWS: Final = 5_000
"""From so many rows on a tenant has segments of its own."""
AGED_US: Final = 300 * 1_000_000
"""After this time rows are put into their tenant's months, so that nobody reads them from many places for long."""

_GROWN: Final = 4
"""A month is written anew when its rows have grown by this fraction..."""
_GROWN_BEHIND: Final = 1
"""... while the store catches up with the log, by this one, so that each row is written few times..."""
_GROWN_AGED: Final = 50
"""... and when they have waited, by this one."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a tenant: the segments in it by actor, and the rows in them."""

    segments: Sequence[Segment]
    rows: int

    def ranges(self) -> Sequence[tuple[Segment | None, int, int]]:
        """Return the ranges of actors, the first and the last one of each, with the segment that holds it."""
        if not self.segments:
            return [(None, 0, 2**63 - 1)]
        starts = [0, *[segment.parts[0].first_actor for segment in self.segments[1:]]]
        ends = [*[start - 1 for start in starts[1:]], 2**63 - 1]
        return list(zip(self.segments, starts, ends, strict=True))


def fresh_of(manifest: Manifest) -> list[Segment]:
    """Return the segments that are not sorted into months."""
    return [segment for segment in manifest.segments if segment.month is None]


def month_of_tenant(manifest: Manifest, tenant: str, month: int) -> Month:
    """Return what is settled of a month."""
    segments = [
        segment for segment in manifest.segments if segment.month == month and segment.parts[0].tenant == tenant
    ]
    segments.sort(key=lambda segment: segment.parts[0].first_actor)
    return Month(segments, sum(segment.rows for segment in segments))


def to_merge(segments: Iterable[Segment]) -> list[Segment]:
    """
    Return which of some segments are made into one now: `MANY` or more of like size, none when there are not so many.

    A segment is among them when the smaller ones have at least half of its rows together, so that each row is written a
    few times only, however many there come to be.
    """
    chosen: list[Segment] = []
    rows = 0
    for segment in sorted(segments, key=lambda segment: segment.rows):
        if len(chosen) > 1 and (segment.rows > 2 * rows or rows + segment.rows > MOST_MERGED):
            break
        chosen.append(segment)
        rows += segment.rows
    return chosen if len(chosen) >= MANY else []


def shared_and_aged(fresh: Iterable[Segment], now_us: int) -> list[Segment]:
    """
    Return the segments of several tenants of which some rows have waited for long, with all others that are shared; as
    many as fit into memory, and none that is not whole.
    """
    shared = [segment for segment in fresh if len(segment.parts) > 1 and segment.rows == segment.file_rows]
    if not any(now_us - segment.made_us >= AGED_US for segment in shared):
        return []
    chosen: list[Segment] = []
    rows = 0
    for segment in sorted(shared, key=lambda segment: segment.made_us):
        if chosen and rows + segment.rows > MOST_MERGED:
            break
        chosen.append(segment)
        rows += segment.rows
    return chosen


def unclean(manifest: Manifest) -> list[Segment]:
    """Return the segments whose files hold rows that must not be seen any more."""
    return [segment for segment in manifest.segments if segment.rows != segment.file_rows]


def tenants_to_settle(manifest: Manifest, now_us: int) -> list[str]:
    """Return the tenants whose new rows may be due to be put into months; those with the most of them first."""
    waiting: dict[str, int] = {}
    due: set[str] = set()
    for segment, part in _parts(fresh_of(manifest)):
        waiting[part.tenant] = waiting.get(part.tenant, 0) + part.rows
        if now_us - segment.made_us >= AGED_US:
            due.add(part.tenant)
    settled: dict[str, int] = {}
    for segment in manifest.segments:
        if segment.month is not None:
            tenant = segment.parts[0].tenant
            settled[tenant] = settled.get(tenant, 0) + segment.rows
    due |= {
        tenant
        for tenant, rows in waiting.items()
        if rows >= OWN_ROWS and rows * _grown(manifest) >= settled.get(tenant, 0) and _has_own(manifest, tenant)
    }
    return sorted(due, key=lambda tenant: -waiting[tenant])


def months_to_settle(
    manifest: Manifest, waiting: Mapping[int, int], settled: Mapping[int, int], *, aged: bool
) -> set[int]:
    """
    Return the months that are written anew with what waits for them.

    Args:
        manifest: says whether the store is up with the log.
        waiting: rows by month.
        settled: rows in its segments, by month.
        aged: whether any of the rows have waited for long.
    """
    grown = {month for month, rows in waiting.items() if rows * _grown(manifest) >= settled.get(month, 0)}
    if aged or grown:
        # Once they are read, what is worth it goes along.
        grown |= {month for month, rows in waiting.items() if rows * _GROWN_AGED >= settled.get(month, 0)}
    return grown


def _grown(manifest: Manifest) -> int:
    return _GROWN if manifest.at_end else _GROWN_BEHIND


def _has_own(manifest: Manifest, tenant: str) -> bool:
    return any(segment.month is None and segment.owner == tenant for segment in manifest.segments)


def _parts(segments: Iterable[Segment]) -> Iterable[tuple[Segment, Part]]:
    return ((segment, part) for segment in segments for part in segment.parts)
