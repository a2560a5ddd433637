"""What retention answers, put together from counts. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics.analytics.reports.answers import Group, is_incomplete, largest, share
from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.local_time import DAY, Clock, buckets, instant, next_bucket
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning


@dataclass(frozen=True, slots=True)
class RetentionCell:
    """How many of a cohort came back after so many units; None for what has not begun. Incomplete ones may grow."""

    returned: int | None
    incomplete: bool


@dataclass(frozen=True, slots=True)
class RetentionCohort:
    """
    The cohort of a bucket.

    Attributes:
        label: of the bucket.
        actors: how many they are.
        incomplete: whether the bucket is not over, or cut by the period.
        cells: by offset, from 0 on.
    """

    label: str
    actors: int
    incomplete: bool
    cells: tuple[RetentionCell, ...]


@dataclass(frozen=True, slots=True)
class RetentionShare:
    """Over all cohorts whose cell of this offset is complete: their actors, those who came back, and their share."""

    offset: int
    actors: int
    returned: int
    share: float | None


@dataclass(frozen=True, slots=True)
class RetentionGroup:
    """The shares of a group of the breakdown."""

    group: Group
    actors: int
    shares: tuple[RetentionShare, ...]


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """
    A triangle, and what it says on the whole. D1, D7 and D30 are the shares of the offsets 1, 7 and 30 of days.

    Attributes:
        returning, cohort: how it was counted: the numbers of different ways are not alike.
        cohorts: by bucket.
        shares: by offset.
        groups: of the breakdown, the largest first.
        values: how many different values the breakdown has; None without a breakdown.
    """

    returning: Returning
    cohort: CohortKind
    cohorts: tuple[RetentionCohort, ...]
    shares: tuple[RetentionShare, ...]
    groups: tuple[RetentionGroup, ...] = ()
    values: int | None = None


class Cohort(NamedTuple):
    """Where an actor is counted: the bucket of the cohort, and the value of the breakdown (None without one)."""

    bucket: int
    value: str | None


@dataclass(frozen=True, slots=True)
class RetentionTally:
    """What an engine counted: actors by cohort, and by cohort and offset those who came back."""

    actors: Mapping[Cohort, int]
    returned: Mapping[tuple[Cohort, int], int]


class Calendar:
    """
    The buckets of a question.

    Attributes:
        cohorts: of the period.
        all: those and the ones after them in which returns are looked at.
        start, end: of the period; instants.
        observed: the instant up to which returns are looked at.
        clock: for all of it.
    """

    def __init__(self, asked: Retention, scope: Scope) -> None:
        self.start, self.end = instant(scope.start), instant(scope.end)
        zone = Clock(scope.time_zone, self.start, self.end)
        self.cohorts = list(buckets(zone, self.start, self.end, asked.unit))
        self.all = list(self.cohorts)
        for _ in range(asked.offsets):
            self.all.append(next_bucket(self.all[-1], asked.unit))
        self.observed = zone.end(self.all[-1], asked.unit)
        if asked.returning is Returning.ROLLING:
            self.observed = self.end + (asked.offsets + 1) * rolling_us(asked.unit)
        self.clock = Clock(scope.time_zone, self.start, self.observed)


def rolling_us(unit: Unit) -> int:
    """Return the length of a rolling unit."""
    return 7 * DAY if unit is Unit.WEEK else DAY


def retention_result(asked: Retention, scope: Scope, tally: RetentionTally, complete_us: int) -> RetentionResult:
    """Return the result of a tally for a period; `complete_us` is the watermark's."""
    calendar = Calendar(asked, scope)
    states = {
        bucket: [_state(asked, calendar, at, offset, complete_us) for offset in range(asked.offsets + 1)]
        for at, bucket in enumerate(calendar.cohorts)
    }
    actors: Counter[int] = Counter()
    returned: Counter[tuple[int, int]] = Counter()
    for cohort, count in tally.actors.items():
        actors[cohort.bucket] += count
    for (cohort, offset), count in tally.returned.items():
        returned[cohort.bucket, offset] += count
    cohorts = tuple(
        RetentionCohort(
            calendar.clock.label(bucket, asked.unit),
            actors[bucket],
            is_incomplete(calendar.clock, bucket, asked.unit, scope, complete_us),
            tuple(
                RetentionCell(returned[bucket, offset] if begun else None, incomplete)
                for offset, (begun, incomplete) in enumerate(each)
            ),
        )
        for bucket, each in states.items()
    )
    complete = {
        (bucket, offset)
        for bucket, each in states.items()
        for offset, (_, incomplete) in enumerate(each)
        if not incomplete
    }
    groups, values = _groups(asked, tally, complete)
    return RetentionResult(
        asked.returning, asked.cohort, cohorts, _shares(asked, tally, complete, None), groups, values
    )


def _state(asked: Retention, calendar: Calendar, cohort: int, offset: int, complete_us: int) -> tuple[bool, bool]:
    """Return whether a cell has begun, and whether it is not over."""
    if asked.returning is Returning.ROLLING:
        length = rolling_us(asked.unit)
        first = calendar.clock.begin(calendar.cohorts[cohort])
        last = min(calendar.clock.end(calendar.cohorts[cohort], asked.unit), calendar.end)
        return first + offset * length < complete_us, last + (offset + 1) * length > complete_us
    bucket = calendar.all[cohort + offset]
    over = calendar.clock.end(bucket, asked.unit)
    if asked.returning is Returning.ON_OR_AFTER:
        over = calendar.observed
    return calendar.clock.begin(bucket) < complete_us, over > complete_us


def _shares(
    asked: Retention, tally: RetentionTally, complete: set[tuple[int, int]], values: set[str | None] | None
) -> tuple[RetentionShare, ...]:
    shares = []
    for offset in range(asked.offsets + 1):
        whole, part = 0, 0
        for cohort, count in tally.actors.items():
            if (cohort.bucket, offset) in complete and (values is None or cohort.value in values):
                whole += count
                part += tally.returned.get((cohort, offset), 0)
        shares.append(RetentionShare(offset, whole, part, share(part, whole)))
    return tuple(shares)


def _groups(
    asked: Retention, tally: RetentionTally, complete: set[tuple[int, int]]
) -> tuple[tuple[RetentionGroup, ...], int | None]:
    if asked.breakdown is None:
        return (), None
    sizes: Counter[str | None] = Counter()
    for cohort, count in tally.actors.items():
        sizes[cohort.value] += count
    kept = largest(sizes, asked.breakdown.limit)
    sets = [(Group(value), {value}) for value in kept]
    if len(sizes) > len(kept):
        sets.append((Group(None, others=True), set(sizes) - set(kept)))
    groups = tuple(
        RetentionGroup(group, sum(sizes[value] for value in values), _shares(asked, tally, complete, values))
        for group, values in sets
    )
    return groups, len(sizes)
