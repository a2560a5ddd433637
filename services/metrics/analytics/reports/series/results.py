"""What a series answers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.metrics.analytics.reports.answers import Group, timeline
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.series.asking import Measure, Series

Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Point:
    """The number of a bucket; incomplete ones may change."""

    label: str
    value: Number
    incomplete: bool


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """The numbers of a group of the breakdown."""

    group: Group
    points: tuple[Point, ...]
    total: Number


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """
    A series.

    Attributes:
        points: one for each bucket of the period.
        total: of the period; of actors, how many different ones.
        groups: of the breakdown, those with most events first.
        values: how many different values the breakdown has; None without a breakdown.
    """

    points: tuple[Point, ...]
    total: Number
    groups: tuple[SeriesGroup, ...] = ()
    values: int | None = None


@dataclass(frozen=True, slots=True)
class SeriesTally:
    """
    What an engine counted: by bucket and group, with None for all of a kind.

    Attributes:
        numbers: absent ones are 0.
        groups: in their order.
        values: how many different values the breakdown has.
    """

    numbers: Mapping[tuple[int | None, Group | None], Number]
    groups: tuple[Group, ...] = ()
    values: int | None = None


def series_result(asked: Series, scope: Scope, tally: SeriesTally, complete_us: int) -> SeriesResult:
    """Return the result of a tally for a period; `complete_us` is the watermark's."""
    buckets = timeline(scope, asked.unit, complete_us)
    nothing: Number = Decimal(0) if asked.measure is Measure.SUM else 0

    def points(group: Group | None) -> tuple[Point, ...]:
        return tuple(
            Point(bucket.label, tally.numbers.get((bucket.number, group), nothing), bucket.incomplete)
            for bucket in buckets
        )

    return SeriesResult(
        points(None),
        tally.numbers.get((None, None), nothing),
        tuple(SeriesGroup(group, points(group), tally.numbers.get((None, group), nothing)) for group in tally.groups),
        tally.values,
    )
