"""How metrics have gone: what is not remembered any more comes from the roll-ups."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from services.metrics.definitions import Metric
from services.metrics.following.follower import Follower
from services.metrics.live import HOUR
from services.metrics.live.numbers import Number
from services.metrics.rollups import HourKey, HourRow, RollupReader
from services.metrics.rollups.rows import by_minute, row_of

Points: TypeAlias = dict[str, list[tuple[int, Number]]]
"""By currency, in the order of time; times in minutes since 1970."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a minute to another one, which is not part of it."""

    first: int
    end: int


class SeriesQueries:
    """Answers about one environment."""

    def __init__(self, follower: Follower, rollups: RollupReader, clock: Callable[[], float]) -> None:
        self._follower = follower
        self._rollups = rollups
        self._clock = clock

    async def minutes(self, tenant: str, metric: Metric, stretch: Stretch) -> Points:
        """Return the minutes of a stretch that hold anything. Raises Unavailable."""
        rows: dict[HourKey, HourRow] = {}
        if stretch.first < self._floor:
            last = min(stretch.end - 1, self._floor - 1) // HOUR
            rows.update(
                await self._rollups.between(
                    self._follower.environment, tenant, metric.name, stretch.first // HOUR, last
                )
            )
        rows = {key: row for key, row in rows.items() if key.hour * HOUR < self._floor}
        rows.update(self._remembered(tenant, metric, stretch))
        points: Points = {}
        for key, minute, number in by_minute(rows):
            if stretch.first <= minute < stretch.end:
                points.setdefault(key.currency, []).append((minute, number))
        return points

    async def hours(self, tenant: str, metric: Metric, stretch: Stretch) -> Points:
        """Return the hours of a stretch that hold anything. Raises Unavailable."""
        wholes: Mapping[HourKey, Number] = {}
        if stretch.first < self._floor:
            last = min(stretch.end - 1, self._floor - 1) // HOUR
            wholes = await self._rollups.wholes(
                self._follower.environment, tenant, metric.name, stretch.first // HOUR, last
            )
        points: Points = {}
        for key, whole in wholes.items():
            if key.hour * HOUR < self._floor:
                points.setdefault(key.currency, []).append((key.hour * HOUR, whole))
        for key, row in self._remembered(tenant, metric, stretch):
            if row.whole.value is not None:
                points.setdefault(key.currency, []).append((key.hour * HOUR, row.whole))
        return points

    @property
    def _floor(self) -> int:
        return self._follower.view.metrics.floor

    def _remembered(self, tenant: str, metric: Metric, stretch: Stretch) -> Iterator[tuple[HourKey, HourRow]]:
        metrics = self._follower.view.metrics
        numbers = metrics.numbers(tenant)
        at = metrics.plan.metrics.index(metric)
        now = int(self._clock()) // 60
        first = max(stretch.first, metrics.floor) // HOUR
        for hour in range(first, (min(stretch.end, now + 1) - 1) // HOUR + 1):
            start = hour * HOUR
            for currency in numbers.currencies(at):
                minutes = [
                    each if start + offset <= now else Number(None)
                    for offset, each in enumerate(numbers.minutes(at, currency, start, start + HOUR - 1))
                ]
                yield HourKey(tenant, metric.name, currency, hour), row_of(metric, minutes)
