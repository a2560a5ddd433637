"""What a rule would have said of a time that has passed. Nothing is stored and nobody is told."""

import asyncio
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.bench import Watched
from services.metrics.alerts.detection import Prior
from services.metrics.alerts.hour_judging import Place, hour_number
from services.metrics.alerts.learning import LEARNED_HOURS
from services.metrics.alerts.rule_settings import covers
from services.metrics.alerts.scope_replay import Rows, ScopeReplay, Stretch, prior_before
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions import Metric
from services.metrics.rollups import RollupReader
from services.runtime.errors import InvalidRequest, Overloaded
from services.runtime.postgres.pool import PostgresPool

MOST_ALERTS: Final = 1_000
MOST_HOURS: Final = 1_000_000
"""Of all tenants, those that are only learned from included."""

_HOUR: Final = datetime.timedelta(hours=1)
_RETRY_SECONDS: Final = 10.0
_FOUND: Final = """
    SELECT DISTINCT tenant, currency FROM metric_hours
    WHERE environment = $1 AND metric = $2 AND hour >= $3 AND hour < $4 ORDER BY tenant, currency
"""


@dataclass(slots=True)
class Replayed:
    """What a replay has found."""

    alerts: list[pb2.Alert] = field(default_factory=list)
    hours: int = 0
    tenants: int = 0


class Replays:
    """Replays rules over the roll-ups, one at a time: they take what they get of a processor."""

    def __init__(self, pool: PostgresPool, rollups: RollupReader) -> None:
        self._pool = pool
        self._rollups = rollups
        self._running = False

    async def replay(self, place: Place, watched: Watched, tenants: Sequence[str], stretch: Stretch) -> Replayed:
        """
        Return what a rule would have said.

        Raises:
            InvalidRequest: that would be too much at once.
            Overloaded: another replay is running.
            Unavailable: the database does not answer.
        """
        if self._running:
            raise Overloaded("another replay is running", retry_seconds=_RETRY_SECONDS)
        self._running = True
        try:
            return await self._replay(place, watched, tenants, stretch)
        finally:
            self._running = False

    async def _replay(self, place: Place, watched: Watched, tenants: Sequence[str], stretch: Stretch) -> Replayed:
        metric = place.metrics[watched.rule.metric]
        scopes = await self._scopes(place.environment, watched, tenants, stretch)
        begin = hour_number(stretch.first) - LEARNED_HOURS
        last = hour_number(stretch.end) - 1
        if len(scopes) * (last - begin + 1) > MOST_HOURS:
            raise InvalidRequest.of("tenants", f"{len(scopes)} of them are too many for so long a time: name fewer")
        found = Replayed(tenants=len({scope.tenant for scope in scopes}))
        histories = {scope: await self._history(place.environment, scope, metric, begin, last) for scope in scopes}
        prior: Prior | None = None
        if watched.rule.WhichOneof("condition") == "anomaly":
            prior = await asyncio.to_thread(prior_before, place, watched, histories, hour_number(stretch.first) - 1)
        replaying = ScopeReplay(place, watched, stretch, prior)
        for scope, rows in histories.items():
            alerts, hours = await asyncio.to_thread(replaying.of, scope, rows)
            found.alerts += alerts
            found.hours += hours
        return found

    async def _scopes(
        self, environment: str, watched: Watched, tenants: Sequence[str], stretch: Stretch
    ) -> Sequence[Scope]:
        rule = watched.rule
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                _FOUND, environment, rule.metric, stretch.first - _HOUR * LEARNED_HOURS, stretch.end
            )
        return [
            Scope(rule.key, row["tenant"], row["currency"])
            for row in rows
            if (row["tenant"] in tenants if tenants else covers(rule, row["tenant"], row["currency"]))
            and rule.currency in ("", row["currency"])
        ]

    async def _history(self, environment: str, scope: Scope, metric: Metric, first: int, last: int) -> Rows:
        rows = await self._rollups.between(environment, scope.tenant, metric.name, first, last)
        return {key.hour: row for key, row in rows.items() if key.currency == scope.currency}
