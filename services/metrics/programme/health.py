"""The health of the programme: each figure by itself, so that what cannot be known hides nothing else."""

import asyncio
import datetime
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from mirante.api.flags.v1 import rollout_pb2
from mirante.api.metrics.v1 import alert_pb2, experiment_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.alerts.alert_desk import AlertFilter
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.programme.lifecycles import Asked, Lifecycles
from services.metrics.programme.months import experiment_counts
from services.metrics.programme.outside import MOST_READ, Outside
from services.metrics.programme.recovering import LOOK_BACK, breaches, by_guard, by_people, recovery_times
from services.metrics.programme.stages import count_stages
from services.runtime.errors import ServiceError, Unavailable

_UTC: Final = datetime.UTC
_PAGE: Final = 1_000
_MOST_ALERTS: Final = 20_000
_MOST_UNSEEN: Final = 50
_ALL_STATES: Final = tuple(
    each for each in experiment_pb2.ExperimentState.values() if each != experiment_pb2.EXPERIMENT_STATE_UNSPECIFIED
)

Live = Callable[[str], pb2.LiveAge | None]
"""Returns how old the live numbers of an environment are; None when they are not known yet."""


class Alerts(Protocol):
    """Alerts; see `AlertDesk`."""

    async def page(
        self, environment: str, wanted: AlertFilter, before: tuple[datetime.datetime, uuid.UUID] | None, size: int
    ) -> tuple[Sequence[alert_pb2.Alert], str]:
        """Return alerts, newest first."""


class Health:
    """
    Computes the health of the programme.

    Args:
        outside: other services.
        lifecycles: of flags.
        experiments: of this service.
        alerts: of this service.
        live: how old live numbers are.
        zone: whose months experiments are counted by.
    """

    def __init__(
        self,
        outside: Outside,
        lifecycles: Lifecycles,
        experiments: PostgresExperiments,
        *,
        alerts: Alerts,
        live: Live,
        zone: datetime.tzinfo,
    ) -> None:
        self._outside = outside
        self._lifecycles = lifecycles
        self._experiments = experiments
        self._alerts = alerts
        self._live = live
        self._zone = zone

    async def health(
        self, environment: str, days: int, stale_after: datetime.timedelta, now: datetime.datetime
    ) -> pb2.ProgrammeHealth:
        """Return the figures of the last days; those that cannot be known are named instead."""
        since = now - datetime.timedelta(days=days)
        health = pb2.ProgrammeHealth(days=days)
        health.as_of.FromDatetime(now)

        async def recovery() -> None:
            health.recovery.CopyFrom(await self._recovery(environment, since))

        async def coverage() -> None:
            health.coverage.CopyFrom(await self._coverage(environment, days))

        async def live() -> None:
            age = self._live(environment)
            if age is None:
                raise Unavailable("the log was not read yet")
            health.live.CopyFrom(age)

        async def stages() -> None:
            lives = await self._lifecycles.lives(environment, Asked(None, now, stale_after), now)
            health.stages.CopyFrom(count_stages(lives))

        async def experiments() -> None:
            records = await self._experiments.all(environment, _ALL_STATES)
            health.experiments.CopyFrom(experiment_counts(records, since, now, self._zone))

        figures = (recovery, coverage, live, stages, experiments)
        health.unknown.extend(each for each in await asyncio.gather(*map(_known, figures)) if each is not None)
        return health

    async def _recovery(self, environment: str, since: datetime.datetime) -> pb2.RecoveryTimes:
        plans, flags, archived, (alerts, all_alerts) = await asyncio.gather(
            self._outside.rollouts(environment),
            self._outside.flags(environment),
            self._outside.flags(environment, archived=True),
            self._alerts_since(environment, since - LOOK_BACK),
        )
        breached = [each for each in plans if _breached_since(each, since)]
        changed = [each for each in (*flags, *archived) if each.updated_at.ToDatetime(_UTC) >= since]
        changed.sort(key=lambda each: each.updated_at.ToNanoseconds(), reverse=True)
        read = [await self._outside.rollout(environment, each.id) for each in breached[:MOST_READ]]
        keys = [each.flag.key for each in changed[:MOST_READ]]
        histories = await self._outside.histories(environment, keys, since)
        truncated = len(breached) > MOST_READ or len(changed) > MOST_READ or not all_alerts
        guarded = list(breaches(read, since))
        found = [by_guard(*each) for each in guarded]
        return recovery_times([*found, *by_people(histories, alerts, guarded, since)], truncated=truncated)

    async def _coverage(self, environment: str, days: int) -> pb2.EventCoverage:
        seen = await self._outside.coverage(environment, days)
        return pb2.EventCoverage(declared=seen.declared, seen=seen.seen, unseen=sorted(seen.unseen)[:_MOST_UNSEEN])

    async def _alerts_since(self, environment: str, since: datetime.datetime) -> tuple[list[alert_pb2.Alert], bool]:
        """Return alerts that were opened since then, and whether they are all."""
        wanted, found = AlertFilter(opened_from=since), list[alert_pb2.Alert]()
        before: tuple[datetime.datetime, uuid.UUID] | None = None
        while len(found) < _MOST_ALERTS:
            page, token = await self._alerts.page(environment, wanted, before, _PAGE)
            found += page
            if not token:
                return found, True
            before = page[-1].opened_at.ToDatetime(_UTC), uuid.UUID(page[-1].id)
        return found, False


def _breached_since(record: rollout_pb2.RolloutRecord, since: datetime.datetime) -> bool:
    """Whether a plan was breached, and changed since then: its breach may be as new."""
    return record.HasField("breach") and record.updated_at.ToDatetime(_UTC) >= since


async def _known(figure: Callable[[], Awaitable[None]]) -> pb2.UnknownFigure | None:
    """Compute a figure; return why it is not known, None when it is."""
    try:
        await figure()
    except ServiceError as error:
        return pb2.UnknownFigure(figure=figure.__name__, reason=error.message)
    return None
