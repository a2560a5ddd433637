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
        known_from = self._follower.view.metrics.known_from(metric)
        if stretch.first < known_from:
            last = min(stretch.end, known_from) // HOUR
            rows.update(
                await self._rollups.between(
                    self._follower.environment, tenant, metric.name, stretch.first // HOUR, last
                )
            )
        rows = {key: row for key, row in rows.items() if key.hour * HOUR < known_from}
        rows.update(self._remembered(tenant, metric, stretch, known_from))
        points: Points = {}
        for key, minute, number in by_minute(rows):
            if stretch.first <= minute < stretch.end:
                points.setdefault(key.currency, []).append((minute, number))
        return points

    async def hours(self, tenant: str, metric: Metric, stretch: Stretch) -> Points:
        """Return the hours of a stretch that hold anything. Raises Unavailable."""
        wholes: Mapping[HourKey, Number] = {}
        known_from = self._follower.view.metrics.known_from(metric)
        if stretch.first < known_from:
            last = min(stretch.end, known_from) // HOUR
            wholes = await self._rollups.wholes(
                self._follower.environment, tenant, metric.name, stretch.first // HOUR, last
            )
        points: Points = {}
        for key, whole in wholes.items():
            if key.hour * HOUR < known_from:
                points.setdefault(key.currency, []).append((key.hour * HOUR, whole))
        for key, row in self._remembered(tenant, metric, stretch, known_from):
            if row.whole.value is not None:
                points.setdefault(key.currency, []).append((key.hour * HOUR, row.whole))
        return points

    def _remembered(
        self, tenant: str, metric: Metric, stretch: Stretch, known_from: int
    ) -> Iterator[tuple[HourKey, HourRow]]:
        metrics = self._follower.view.metrics
        numbers = metrics.numbers(tenant)
        at = metrics.plan.metrics.index(metric)
        now = int(self._clock()) // 60
        first = max(stretch.first, known_from) // HOUR
        for hour in range(first, (min(stretch.end, now + 1) - 1) // HOUR + 1):
            start = hour * HOUR
            for currency in numbers.currencies(at):
                minutes = [
                    each if start + offset <= now else Number(None)
                    for offset, each in enumerate(numbers.minutes(at, currency, start, start + HOUR - 1))
                ]
                yield HourKey(tenant, metric.name, currency, hour), row_of(metric, minutes)
