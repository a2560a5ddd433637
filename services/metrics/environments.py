"""Everything that is kept of each environment."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from services.metrics.alerts.alerting import Alerting
from services.metrics.answers.hub import Hub
from services.metrics.answers.last_week import LastWeek
from services.metrics.answers.live_metrics_servicer import Answering
from services.metrics.answers.redis_values import RedisValues
from services.metrics.answers.series import SeriesQueries
from services.metrics.following import RawEventLog
from services.metrics.following.follower import Follower
from services.metrics.following.leadership import Leadership
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.metrics.rollups import RollupReader
from services.runtime.background import in_background
from services.runtime.redis import RedisClient

_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The parts of one environment."""

    follower: Follower
    hub: Hub
    values: RedisValues
    answering: Answering
    last_week: LastWeek
    alerting: Alerting


class Environments:
    """
    Follows every environment that it may.

    Args:
        known: returns the environments that can be followed now.
        alerting: returns the alerts of the environment that is followed.
        origin: of this process.
        clock: seconds since 1970.
        flush_seconds: how often roll-ups are written.
    """

    def __init__(
        self,
        known: Callable[[], frozenset[str]],
        plan: Plan,
        log: RawEventLog,
        rollups: RollupReader,
        leadership: Leadership,
        *,
        alerting: Callable[[Follower], Alerting],
        redis: RedisClient,
        origin: int,
        clock: Callable[[], float],
        flush_seconds: float,
        limits: Limits,
    ) -> None:
        self._known = known
        self._plan = plan
        self._log = log
        self._rollups = rollups
        self._leadership = leadership
        self._alerting = alerting
        self._redis = redis
        self._origin = origin
        self._clock = clock
        self._flush_seconds = flush_seconds
        self._limits = limits
        self._kept: dict[str, Kept] = {}

    def answering(self, environment: str) -> Answering | None:
        """Return what answers about an environment; None when it is not followed."""
        kept = self._of(environment)
        return None if kept is None else kept.answering

    def alerting(self, environment: str) -> Alerting | None:
        """Return the alerts of an environment; None when it is not followed."""
        kept = self._of(environment)
        return None if kept is None else kept.alerting

    @property
    def kept(self) -> Mapping[str, Kept]:
        """What is kept, by environment."""
        return self._kept

    async def run(self) -> None:
        """Follow what there is, and what is added; for ever."""
        running: set[str] = set()
        async with AsyncExitStack() as stack:
            while True:
                for environment in self._known() - running:
                    self.answering(environment)
                    kept = self._kept[environment]
                    running.add(environment)
                    await stack.enter_async_context(
                        in_background(
                            kept.follower.run,
                            kept.last_week.run,
                            kept.values.run,
                            kept.alerting.hub.run,
                            kept.alerting.runner.run,
                        )
                    )
                await asyncio.sleep(_LOOK_SECONDS)

    def _of(self, environment: str) -> Kept | None:
        kept = self._kept.get(environment)
        if kept is None and environment in self._known():
            kept = self._kept[environment] = self._keep(environment)
        return kept

    def _keep(self, environment: str) -> Kept:
        def changed(touched: Mapping[str, int]) -> None:
            hub.changed(touched)
            values.changed(touched)

        follower = Follower(
            environment,
            self._plan,
            self._log,
            self._rollups,
            self._leadership,
            clock=self._clock,
            on_change=changed,
            flush_seconds=self._flush_seconds,
            limits=self._limits,
        )
        last_week = LastWeek(environment, self._rollups, self._clock)
        hub = Hub(follower, last_week, self._origin, self._clock)
        values = RedisValues(self._redis, environment, hub)
        answering = Answering(hub, SeriesQueries(follower, self._rollups, self._clock))
        return Kept(follower, hub, values, answering, last_week, self._alerting(follower))
