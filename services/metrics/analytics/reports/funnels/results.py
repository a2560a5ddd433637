"""What a funnel answers, put together from counts. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics.analytics.reports.answers import Durations, Group, is_incomplete, largest, share
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.funnels.asking import Funnel
from services.metrics.analytics.reports.local_time import SECOND, Clock, buckets, instant


@dataclass(frozen=True, slots=True)
class StepResult:
    """
    A step.

    Attributes:
        event: its name.
        actors: who reached it.
        from_previous: their share of those who reached the step before; None when there were none.
        overall: their share of those who reached the first step.
    """

    event: str
    actors: int
    from_previous: float | None
    overall: float | None


@dataclass(frozen=True, slots=True)
class FunnelBucket:
    """Actors at each step, by when their chains began; incomplete while a chain of it may still go on."""

    label: str
    actors: tuple[int, ...]
    incomplete: bool


@dataclass(frozen=True, slots=True)
class FunnelGroup:
    """Actors at each step, by a property of the first event."""

    group: Group
    actors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FunnelResult:
    """
    A funnel.

    Attributes:
        steps: in order.
        excluded: actors that an exclusion took out.
        may_still_convert: actors that did not reach the last step while their window was still open.
        incomplete: whether there may still be such.
        time_to_convert: from the first event of a chain to the one that reached the last step.
        buckets: when a unit was asked for.
        groups: of the breakdown, the largest first.
        values: how many different values the breakdown has; None without a breakdown.
    """

    steps: tuple[StepResult, ...]
    excluded: int
    may_still_convert: int
    incomplete: bool
    time_to_convert: Durations | None
    buckets: tuple[FunnelBucket, ...] = ()
    groups: tuple[FunnelGroup, ...] = ()
    values: int | None = None


class Cell(NamedTuple):
    """Where an actor counts. `bucket` is 0 without a unit, `value` is None without a breakdown."""

    bucket: int
    value: str | None
    level: int


@dataclass(frozen=True, slots=True)
class FunnelTally:
    """What an engine counted: actors by cell, those who may still convert, and times to convert."""

    cells: Mapping[Cell, int]
    may_still_convert: int
    time_to_convert: Durations | None


def funnel_result(funnel: Funnel, scope: Scope, tally: FunnelTally, complete_us: int) -> FunnelResult:
    """Return the result of a tally for a period; `complete_us` is the watermark's."""
    count = len(funnel.steps)
    window_us = funnel.window.seconds * SECOND + funnel.window.days * 86_400 * SECOND + funnel.window.microseconds
    whole = _reached(tally.cells, count)
    steps = tuple(
        StepResult(step.event or "", actors, share(actors, whole[max(at - 1, 0)]), share(actors, whole[0]))
        for at, (step, actors) in enumerate(zip(funnel.steps, whole, strict=True))
    )
    excluded = sum(actors for cell, actors in tally.cells.items() if not cell.level)
    return FunnelResult(
        steps=steps,
        excluded=excluded,
        may_still_convert=tally.may_still_convert,
        incomplete=instant(scope.end) + window_us > complete_us,
        time_to_convert=tally.time_to_convert,
        buckets=_buckets(funnel, scope, tally, complete_us - window_us),
        groups=_groups(funnel, tally),
        values=None if funnel.breakdown is None else len({cell.value for cell in tally.cells if cell.level}),
    )


def _buckets(funnel: Funnel, scope: Scope, tally: FunnelTally, complete_us: int) -> tuple[FunnelBucket, ...]:
    unit = funnel.unit
    if unit is None:
        return ()
    start, end = instant(scope.start), instant(scope.end)
    clock = Clock(scope.time_zone, start, end)
    by_bucket: dict[int, dict[Cell, int]] = {bucket: {} for bucket in buckets(clock, start, end, unit)}
    for cell, actors in tally.cells.items():
        by_bucket[cell.bucket][cell] = actors
    return tuple(
        FunnelBucket(
            clock.label(bucket, unit),
            tuple(_reached(cells, len(funnel.steps))),
            is_incomplete(clock, bucket, unit, scope, complete_us),
        )
        for bucket, cells in by_bucket.items()
    )


def _groups(funnel: Funnel, tally: FunnelTally) -> tuple[FunnelGroup, ...]:
    if funnel.breakdown is None:
        return ()
    sizes: Counter[str | None] = Counter()
    for cell, actors in tally.cells.items():
        sizes[cell.value] += actors if cell.level else 0
    kept = set(largest(sizes, funnel.breakdown.limit))
    by_group: dict[Group, dict[Cell, int]] = {Group(value): {} for value in largest(sizes, funnel.breakdown.limit)}
    for cell, actors in tally.cells.items():
        group = Group(cell.value) if cell.value in kept else Group(None, others=True)
        by_group.setdefault(group, {})[cell] = actors
    return tuple(FunnelGroup(group, tuple(_reached(cells, len(funnel.steps)))) for group, cells in by_group.items())


def _reached(cells: Mapping[Cell, int], steps: int) -> list[int]:
    at = [0] * (steps + 2)
    for cell, actors in cells.items():
        at[cell.level] += actors
    return [sum(at[step:]) for step in range(1, steps + 1)]
