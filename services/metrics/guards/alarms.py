"""An alert for each breach, told like any other."""

import datetime
from collections.abc import Callable
from typing import Final, Protocol

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.metrics.v1 import alert_pb2

from services.metrics.alerts.judgements import Judgement, RulesChanged, write_judgement
from services.metrics.alerts.postgres_environments import PostgresEnvironments
from services.runtime.postgres.pool import PostgresPool

_ATTEMPTS: Final = 5
_MOST_KEY: Final = 200
_REMEMBERED: Final = datetime.timedelta(days=1)
_RAISED: Final = "SELECT 1 FROM alerts WHERE environment = $1 AND rule_key = $2 AND opened_at >= $3 LIMIT 1"


class Alarms(Protocol):
    """Tells people of breaches."""

    async def raise_alert(
        self, rollout: rollout_pb2.RolloutRecord, step: int, evidence: rollout_guard_pb2.GuardEvidence
    ) -> None:
        """Raise an alert of a breach in a step, once; raise `Unavailable` when it cannot be stored."""


class PostgresAlarms:
    """
    The `Alarms` among the alerts of metrics.

    Args:
        pool: of the service's database.
        environments: as alerts know them.
        on_change: told when there is a message to send.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        pool: PostgresPool,
        environments: PostgresEnvironments,
        *,
        on_change: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._environments = environments
        self._on_change = on_change
        self._clock = clock

    async def raise_alert(
        self, rollout: rollout_pb2.RolloutRecord, step: int, evidence: rollout_guard_pb2.GuardEvidence
    ) -> None:
        """See `Alarms`."""
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        await self._environments.begin(rollout.environment, now)
        alert = alert_of_breach(rollout, step, evidence)
        async with self._pool.connection() as connection:
            since = now - _REMEMBERED
            if await connection.fetchval(_RAISED, rollout.environment, alert.rule_key, since) is not None:
                return
        for _ in range(_ATTEMPTS):
            revision = (await self._environments.get(rollout.environment)).rules_revision
            judgement = Judgement(revision, opened=[alert])
            try:
                async with self._pool.transaction() as connection:
                    await write_judgement(connection, rollout.environment, judgement, {}, now)
            except RulesChanged:
                continue
            self._on_change()
            return


def alert_of_breach(
    rollout: rollout_pb2.RolloutRecord, step: int, evidence: rollout_guard_pb2.GuardEvidence
) -> alert_pb2.Alert:
    """Return the alert; one step of a rollout has one at most, which a person resolves."""
    flag = rollout.plan.flag_key
    alert = alert_pb2.Alert(
        environment=rollout.environment,
        metric=f"rollout {flag}: {evidence.guard}",
        # Rules of people have no dots in their keys.
        rule_key=f"rollout.{rollout.id[:8]}.{step}.{flag}"[:_MOST_KEY],
        kind=alert_pb2.ALERT_KIND_THRESHOLD,
        severity=alert_pb2.ALERT_SEVERITY_CRITICAL,
        observed=f"{evidence.observed:.6g}",
        upper_bound=f"{evidence.limit:.6g}",
        evidence=f"The rollout of {rollout.plan.variant} of flag {flag} was stopped. {evidence.text}",
    )
    alert.start_time.CopyFrom(evidence.start_time if evidence.HasField("start_time") else evidence.end_time)
    alert.end_time.CopyFrom(evidence.end_time)
    return alert
