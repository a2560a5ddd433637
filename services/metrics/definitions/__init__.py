"""What a live metric is."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2


class Aggregation(enum.Enum):
    """How a metric is made from events; values are those of the contract."""

    COUNT = pb2.AGGREGATION_COUNT
    SUM = pb2.AGGREGATION_SUM
    DISTINCT_ACTORS = pb2.AGGREGATION_DISTINCT_ACTORS
    ACTOR_RATIO = pb2.AGGREGATION_ACTOR_RATIO
    PERCENTILE = pb2.AGGREGATION_PERCENTILE

    @property
    def additive(self) -> bool:
        """Whether the amounts of minutes add up to those of a window."""
        return self in (Aggregation.COUNT, Aggregation.SUM)


class Clock(enum.Enum):
    """By which time an event falls into a minute."""

    OCCURRED = "occurred"
    RECEIVED = "received"
    """When it was committed, which no client's clock can change; for imported events when it happened."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Events: those with one of these names (none: all) whose properties have these values, compared as texts."""

    events: frozenset[str] = frozenset()
    where: tuple[tuple[str, str], ...] = ()
    clock: Clock = Clock.OCCURRED


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Events with this name undo the event that has the same value in the property `key`, whichever is read first."""

    event: str
    key: str


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One metric.

    `window` is in minutes. `amount` and `currency` are properties. `of` is what an actor ratio is divided by.
    `percent` is the percentile.
    """

    name: str
    aggregation: Aggregation
    selection: Selection
    window: int
    amount: str = ""
    currency: str = ""
    of: Selection | None = None
    percent: int = 0
    take_back: TakeBack | None = None


Metrics = Mapping[str, Metric]
"""By name, in the order of the configuration."""
