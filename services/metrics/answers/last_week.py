"""What the metrics were seven days ago, from the roll-ups."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from services.metrics.definitions import Metric
from services.metrics.live import DAY, HOUR
from services.metrics.live.amounts import EXACT
from services.metrics.live.numbers import Number
from services.metrics.rollups import Hour, HourKey, HourRow, RollupReader
from services.metrics.rollups.rows import NONE
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

WEEK: Final = 7 * DAY
_READ_AGAIN_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 1.0


class LastWeek:
    """The hours around the present minute of last week, of all tenants of an environment. Nothing is known at first."""

    def __init__(self, environment: str, rollups: RollupReader, clock: Callable[[], float]) -> None:
        self._environment = environment
        self._rollups = rollups
        self._clock = clock
        self._rows: Mapping[HourKey, HourRow] = {}
        self._read: frozenset[Hour] = frozenset()

    async def run(self) -> None:
        """Read the hours that are asked for now, every so often; for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            hour = (int(self._clock()) // 60 - WEEK) // HOUR
            wanted = frozenset((hour - 1, hour, hour + 1))
            if wanted != self._read or loop.time() >= due:
                try:
                    self._rows, self._read = await self._rollups.hours(self._environment, wanted), wanted
                    due = loop.time() + _READ_AGAIN_SECONDS
                except Unavailable as error:
                    _log.info("last week is not known now", extra={"error": error.message})
            await asyncio.sleep(_LOOK_SECONDS)

    def window(self, tenant: str, metric: Metric, currency: str, minute: int) -> Number:
        """Return a metric over the window that ended seven days before a minute; no value when nothing is known."""
        end = minute - WEEK
        if not self._rows or end // HOUR not in self._read:
            return NONE
        if not metric.aggregation.additive:
            found = self._minute(tenant, metric, currency, end)
            return Number(Decimal(0)) if found.value is None and metric.of is None and not metric.percent else found
        total = Decimal(0)
        for each in range(end - metric.window + 1, end + 1):
            total = EXACT.add(total, self._minute(tenant, metric, currency, each).value or Decimal(0))
        return Number(total)

    def _minute(self, tenant: str, metric: Metric, currency: str, minute: int) -> Number:
        row = self._rows.get(HourKey(tenant, metric.name, currency, minute // HOUR))
        return NONE if row is None else row.minutes[minute % HOUR]
