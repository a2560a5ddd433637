"""What all answers have. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.local_time import Clock, buckets, instant
from services.metrics.analytics.store.reading import Watermark

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """
    An answer to a question.

    Attributes:
        result: for the period.
        start, end: of the period.
        time_zone: of its buckets.
        watermark: how much of the log it was made from.
        previous: for the period before, when it was asked for.
        previous_start: of that period; it ends where this one begins.
    """

    result: Result
    start: datetime
    end: datetime
    time_zone: str
    watermark: Watermark
    previous: Result | None = None
    previous_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, in seconds; the quantiles interpolate between neighbours."""

    count: int
    median: float
    mean: float
    p90: float


@dataclass(frozen=True, slots=True)
class Group:
    """
    A group of a breakdown.

    Attributes:
        value: of the property; None where it is absent, and for the others.
        others: whether these are all values that are not apart.
    """

    value: str | None
    others: bool = False


def durations_of(microseconds: npt.NDArray[np.int64]) -> Durations | None:
    """Return what is to say about durations; None when there are none."""
    if not len(microseconds):
        return None
    median, p90 = np.quantile(microseconds, (0.5, 0.9))
    return Durations(len(microseconds), float(median) / 1e6, float(microseconds.mean()) / 1e6, float(p90) / 1e6)


def share(part: int, whole: int) -> float | None:
    """Return a share; None of nothing."""
    return part / whole if whole else None


def largest(sizes: Mapping[str | None, int], limit: int) -> list[str | None]:
    """Return the values with the largest sizes, `limit` at most; equal ones in the order of their code points."""
    return sorted(sizes, key=lambda value: (-sizes[value], value is not None, value or ""))[:limit]


def is_incomplete(clock: Clock, bucket: int, unit: Unit, scope: Scope, complete_us: int) -> bool:
    """Return whether a bucket is cut by the period, or was not over when the store was complete."""
    # A bucket's first instant is in an earlier bucket's past: the one before it has ended there.
    begin = bucket if unit is Unit.HOUR else clock.begin(bucket)
    end = clock.end(bucket, unit)
    return begin < instant(scope.start) or end > min(instant(scope.end), complete_us)


@dataclass(frozen=True, slots=True)
class Bucket:
    """
    A calendar bucket of a period.

    Attributes:
        number: see `local_time`.
        label: ISO 8601.
        incomplete: whether it is cut by the period, or was not over when the store was complete.
    """

    number: int
    label: str
    incomplete: bool


def timeline(scope: Scope, unit: Unit, complete_us: int) -> list[Bucket]:
    """Return all buckets of a period, empty ones too; `complete_us` is the watermark's."""
    start, end = instant(scope.start), instant(scope.end)
    clock = Clock(scope.time_zone, start, end)
    return [
        Bucket(bucket, clock.label(bucket, unit), is_incomplete(clock, bucket, unit, scope, complete_us))
        for bucket in buckets(clock, start, end, unit)
    ]
