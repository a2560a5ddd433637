"""Which segments are made into others. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.store.manifest import Manifest, Segment

_LAST: Final = 2**63 - 1

MANY: Final = 8
"""So many small segments are made into one."""
MANY_BEHIND: Final = 32
"""So many while the store catches up with the log, when they are small: each row is written few times."""
MOST_MERGED: Final = 1_500_000
"""Rows that are held in memory to be put into order anew."""
LARGE: Final = 750_000
"""
Segments of so many rows wait to be put into months, and are not merged any more, while the store catches up. Two
smaller ones are `MOST_MERGED` at most.
"""
MOST_LARGE: Final = 160
"""So many of them may wait; beyond, they do not wait for the end of the log."""
MOST_SMALL: Final = 64
"""So many smaller ones may wait to be merged; then the log waits a little."""
MOST_SETTLED: Final = 1_000_000
"""Rows of one segment of a month; it is cut in two beyond."""
AT_ONCE: Final = 1_000_000
"""Rows of several tenants that are put into months in one step."""
OWN_ROWS: Final = 5_000
"""From so many rows on a tenant has segments of its own..."""
OWN_ROWS_BEHIND: Final = 100_000
"""... and while the store catches up, from so many."""
AGED_US: Final = 300 * 1_000_000
"""After this time rows are put into their tenant's months, so that nobody reads them from many places for long."""

_BEHIND_US: Final = 60 * 1_000_000
"""So long ago the store had everything that the log had when it catches up; a busy log is hardly ever at rest."""
_GROWN: Final = 4
"""A month is written anew when its rows have grown by this fraction..."""
_GROWN_AGED: Final = 50
"""... and when they have waited, by this one."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a tenant: the segments in it by actor, and the rows in them."""

    segments: Sequence[Segment]
    rows: int

    def ranges(self, waiting: int) -> Sequence[tuple[Segment | None, Sequence[tuple[int, int]]]]:
        """
        Return the ranges of actors, the first and the last one of each, by the segment that holds them.

        Args:
            waiting: rows that are put among them: no range is more than fits into memory.
        """
        if not self.segments:
            return [(None, cut(0, _LAST, waiting))]
        starts = [0, *[segment.parts[0].first_actor for segment in self.segments[1:]]]
        ends = [*[start - 1 for start in starts[1:]], _LAST]
        each = waiting // len(self.segments)
        return [
            (segment, cut(first, last, segment.rows + each))
            for segment, first, last in zip(self.segments, starts, ends, strict=True)
        ]


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


def is_behind(manifest: Manifest, now_us: int) -> bool:
    """Return whether the store catches up with the log: what is put into months at its end is put there once."""
    return not manifest.at_end and now_us - manifest.complete_us > _BEHIND_US


def to_merge(segments: Iterable[Segment], *, behind: bool = False) -> list[Segment]:
    """
    Return which of some segments are made into one now: `MANY` or more of like size, none when there are not so many.

    A segment is among them when the smaller ones have at least half of its rows together, so that each row is written a
    few times only, however many there come to be. While the store catches up they are as many as make a large one, so
    that most rows are written once.
    """
    chosen: list[Segment] = []
    rows = 0
    for segment in sorted(segments, key=lambda segment: segment.rows):
        if len(chosen) > 1 and (segment.rows > 2 * rows or rows + segment.rows > MOST_MERGED):
            break
        if behind and (segment.rows >= LARGE or rows >= LARGE):
            break
        chosen.append(segment)
        rows += segment.rows
    if not behind:
        return chosen if len(chosen) >= MANY else []
    return chosen if len(chosen) > 1 and (rows >= LARGE or len(chosen) >= MANY_BEHIND) else []


def groups_of(fresh: Iterable[Segment]) -> Sequence[Sequence[Segment]]:
    """Return segments that may become one: those of several tenants or of few rows, and those of each tenant."""
    groups: dict[str | None, list[Segment]] = {}
    for segment in fresh:
        groups.setdefault(segment.owner if segment.rows >= OWN_ROWS else None, []).append(segment)
    return list(groups.values())


def are_many(manifest: Manifest) -> bool:
    """Return whether so many segments wait to be merged that the log should wait a little."""
    small = [segment for segment in fresh_of(manifest) if segment.rows < LARGE]
    return any(len(group) > MOST_SMALL for group in groups_of(small))


def to_move(manifest: Manifest, now_us: int) -> list[Segment]:
    """
    Return the segments of several tenants of which all rows are put into months now; none while there is no need.

    There is when rows of one have waited for long, and when the store has caught up with the log and one is large.
    While it catches up they wait for its end, so that they are put there once: unless too many wait.
    """
    shared = [segment for segment in fresh_of(manifest) if segment.owner is None]
    if is_behind(manifest, now_us):
        return [segment for segment in shared if segment.rows >= LARGE] if is_crowded(manifest) else []
    is_due = any(segment.rows >= LARGE or now_us - segment.made_us >= AGED_US for segment in shared)
    return shared if is_due else []


def is_crowded(manifest: Manifest) -> bool:
    """Return whether so many large segments wait that they cannot wait for the end of the log."""
    return sum(segment.rows >= LARGE for segment in fresh_of(manifest)) > MOST_LARGE


def unclean(manifest: Manifest) -> list[Segment]:
    """Return the segments whose files hold rows that must not be seen any more."""
    return [segment for segment in manifest.segments if segment.rows != segment.file_rows]


def tenants_to_settle(manifest: Manifest, now_us: int) -> list[str]:
    """
    Return the tenants whose new rows in segments of their own may be due to be put into months; those with the most of
    them first. There are none while the store catches up with the log.
    """
    if is_behind(manifest, now_us) and not is_crowded(manifest):
        return []
    waiting: dict[str, int] = {}
    due: set[str] = set()
    for segment in fresh_of(manifest):
        if segment.owner is not None:
            waiting[segment.owner] = waiting.get(segment.owner, 0) + segment.rows
            if now_us - segment.made_us >= AGED_US:
                due.add(segment.owner)
    settled: dict[str, int] = {}
    for segment in manifest.segments:
        if segment.month is not None:
            tenant = segment.parts[0].tenant
            settled[tenant] = settled.get(tenant, 0) + segment.rows
    due |= {tenant for tenant, rows in waiting.items() if rows >= OWN_ROWS and rows * _GROWN >= settled.get(tenant, 0)}
    return sorted(due, key=lambda tenant: -waiting[tenant])


def months_to_settle(waiting: Mapping[int, int], settled: Mapping[int, int], *, aged: bool) -> set[int]:
    """
    Return the months that are written anew with what waits for them.

    Args:
        waiting: rows by month.
        settled: rows in its segments, by month.
        aged: whether any of the rows have waited for long.
    """
    grown = {month for month, rows in waiting.items() if rows * _GROWN >= settled.get(month, 0)}
    if aged or grown:
        # Once they are read, what is worth it goes along.
        grown |= {month for month, rows in waiting.items() if rows * _GROWN_AGED >= settled.get(month, 0)}
    return grown


def cut(first: int, last: int, rows: int) -> Sequence[tuple[int, int]]:
    """Return ranges that split the actors from one to another one, so that the rows of none are too many for memory."""
    # Actors are spread evenly over the numbers.
    count = 1 if rows <= MOST_MERGED else -(-rows // MOST_SETTLED)
    width = (last - first + 1) // count
    starts = [first + number * width for number in range(count)]
    return list(zip(starts, [*[start - 1 for start in starts[1:]], last], strict=True))
