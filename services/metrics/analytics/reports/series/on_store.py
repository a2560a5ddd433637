"""Series on the store: from the keys alone where no property is asked for, by SQL otherwise. Blocking."""

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.engines import store_engine
from services.metrics.analytics.reports.local_time import HOUR, Clock, buckets, instant
from services.metrics.analytics.reports.reading import Keys, Source, Stretch, computed, computed_batches
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.metrics.analytics.reports.series.by_sql import tally_by_sql
from services.metrics.analytics.reports.series.results import Number, SeriesTally
from services.metrics.analytics.store.engine import Limits

Integers = npt.NDArray[np.int64]


def tally_on_store(asked: Series, scope: Scope, source: Source, limits: Limits) -> SeriesTally:
    """Return what there is to count of a series in a period."""
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    plain = not (scope.filters or asked.selection.filters or asked.breakdown)
    if not plain or asked.measure is Measure.SUM or len({offset % HOUR for offset in clock.offsets}) > 1:
        with store_engine(source, scope.tenant, limits) as engine:
            return tally_by_sql(asked, scope, engine)
    numbers = list(buckets(clock, instant(scope.start), instant(scope.end), asked.unit))
    wanted = reading.Events(
        selections=(asked.selection,),
        start=instant(scope.start),
        end=instant(scope.end),
        tenant=scope.tenant,
        nobody=asked.measure is Measure.COUNT,
    )
    places = _Places(clock, asked.unit, numbers)
    counts, total = np.zeros(len(numbers), np.int64), 0
    if asked.measure is Measure.COUNT:
        for each in computed_batches(source, wanted, limits, places.events):
            counts += each
        total = int(counts.sum())
    else:
        for each, actors in computed(source, wanted, limits, places.actors):
            counts += each
            total += actors
    tally: dict[tuple[int | None, Group | None], Number] = {(None, None): total}
    for bucket, count in zip(numbers, counts.tolist(), strict=True):
        tally[bucket, None] = count
    return SeriesTally(tally)


class _Places:
    """Counts by bucket."""

    def __init__(self, clock: Clock, unit: Unit, numbers: list[int]) -> None:
        self._clock = clock
        self._unit = unit
        self._numbers = np.array(numbers, np.int64)

    def events(self, batch: Keys) -> Integers:
        """Return how many events of each bucket there are."""
        counts = np.zeros(len(self._numbers) + 1, np.int64)
        for time, outside in batch.times():
            places = self._places(time)
            places[outside] = len(self._numbers)
            counts += np.bincount(places, minlength=len(counts))
        return counts[:-1]

    def actors(self, stretch: Stretch) -> tuple[Integers, int]:
        """Return how many actors have events in each bucket, and in any."""
        place = self._places(stretch.time)
        first = np.ones(len(place), bool)
        first[1:] = (place[1:] != place[:-1]) | (stretch.actor[1:] != stretch.actor[:-1])
        actors = 1 + int(np.count_nonzero(stretch.actor[1:] != stretch.actor[:-1]))
        return np.bincount(place[first], minlength=len(self._numbers)), actors

    def _places(self, time: Integers) -> Integers:
        if self._unit is Unit.HOUR and len(self._clock.offsets) == 1:
            # One division, where hours begin at the same minute all the time.
            hour: Integers = (time - self._numbers[0]) // HOUR
            return hour
        bucket = self._clock.bucket(time, self._unit)
        if self._unit is Unit.MONTH:
            return np.searchsorted(self._numbers, bucket)
        place: Integers = (bucket - self._numbers[0]) // {Unit.HOUR: HOUR, Unit.DAY: 1, Unit.WEEK: 7}[self._unit]
        return place
