"""What was judged: everything about an hour, or about a moment, is written at once or not at all."""

import datetime
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.alert_rows import COLUMNS, alert_of, insert_alert, update_alert
from services.metrics.alerts.delivery.outbox import enqueue
from services.metrics.alerts.delivery.payloads import Event
from services.metrics.alerts.postgres_environments import (
    SYSTEM,
    EnvironmentRow,
    lock_environment,
    save_environment,
)
from services.metrics.alerts.scopes import Scope
from services.metrics.alerts.silences import Silenced, covering, present_silences

_UPSERT: Final = """
    INSERT INTO alert_detectors
        (environment, rule_key, tenant, currency, first_hour, last_hour, state, episode)
    SELECT $1, * FROM unnest(
        $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bytea[], $8::text[]
    )
    ON CONFLICT (environment, rule_key, tenant, currency) DO UPDATE SET first_hour = excluded.first_hour,
        last_hour = excluded.last_hour, state = excluded.state, episode = excluded.episode
"""
_FORGET: Final = """
    DELETE FROM alert_detectors USING unnest($2::text[], $3::text[], $4::text[]) AS gone (rule_key, tenant, currency)
    WHERE environment = $1 AND alert_detectors.rule_key = gone.rule_key AND alert_detectors.tenant = gone.tenant
        AND alert_detectors.currency = gone.currency
"""
_PRIOR: Final = """
    INSERT INTO alert_priors (environment, rule_key, prior, learned_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (environment, rule_key) DO UPDATE SET prior = $3, learned_at = $4
"""
_UNRESOLVED: Final = f"""
    SELECT {COLUMNS} FROM alerts JOIN unnest($2::text[], $3::text[], $4::text[]) AS wanted (rule_key, tenant, currency)
    USING (rule_key, tenant, currency) WHERE environment = $1 AND state <> 3 ORDER BY opened_at, id FOR UPDATE OF alerts
"""  # noqa: S608 - constants only


class RulesChanged(Exception):
    """Rules were changed while it was judged by them: judge again."""


@dataclass(frozen=True, slots=True)
class DetectorRow:
    """What is remembered of a scope; hours are None for thresholds."""

    state: bytes
    episode: str
    first_hour: datetime.datetime | None = None
    last_hour: datetime.datetime | None = None


@dataclass(slots=True)
class Judgement:
    """
    What was found.

    Attributes:
        rules_revision: of the rules by which it was judged.
        detectors: those that have changed.
        priors: those that were learned anew, by rule.
        opened: alerts, without id, revision and who is told.
        unusual: scopes whose episode goes on.
        closed: scopes whose episode has ended.
        forgotten: scopes of which nothing is remembered any more.
        judged_hour: the hour that is judged now; None when no hour is over.
        late: it is so long ago that nobody is told.
    """

    rules_revision: int
    detectors: dict[Scope, DetectorRow] = field(default_factory=dict)
    priors: dict[str, bytes] = field(default_factory=dict)
    opened: list[pb2.Alert] = field(default_factory=list)
    unusual: set[Scope] = field(default_factory=set)
    closed: set[Scope] = field(default_factory=set)
    forgotten: set[Scope] = field(default_factory=set)
    judged_hour: datetime.datetime | None = None
    late: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.detectors
            or self.priors
            or self.opened
            or self.unusual
            or self.closed
            or self.forgotten
            or self.judged_hour
        )


async def write_judgement(
    connection: asyncpg.Connection,
    environment: str,
    judgement: Judgement,
    webhooks: Mapping[str, Collection[str]],
    now: datetime.datetime,
) -> int:
    """
    Write a judgement in a transaction of the leader; return how many messages of alerts came of it.

    Args:
        connection: in the transaction.
        environment: its key.
        judgement: what was found.
        webhooks: by rule, those that are told; empty: all.
        now: the time.

    Raises:
        RulesChanged: see there; nothing was written.
    """
    row = await lock_environment(connection, environment)
    if row.rules_revision != judgement.rules_revision:
        raise RulesChanged
    await _write_detectors(connection, environment, judgement.detectors)
    for rule_key, prior in judgement.priors.items():
        await connection.execute(_PRIOR, environment, rule_key, prior, now)
    silences = await present_silences(connection, environment, now)
    hour = judgement.judged_hour
    seen = now if hour is None else hour + datetime.timedelta(hours=1)
    teller = _Teller(connection, row, webhooks, silences, now, seen=seen, late=judgement.late)
    if judgement.forgotten:
        await connection.execute(_FORGET, environment, *_columns(sorted(judgement.forgotten)))
    ended = judgement.closed | judgement.forgotten
    touched = sorted(judgement.unusual | ended)
    for alert, told in await unresolved(connection, environment, touched):
        if Scope(alert.rule_key, alert.tenant, alert.currency) in ended:
            await teller.close(alert, told=told)
        else:
            await teller.go_on(alert, told=told)
    for alert in judgement.opened:
        await teller.open(alert)
    if judgement.judged_hour is not None:
        row.judged_hour = judgement.judged_hour
    await save_environment(connection, environment, row)
    return teller.changed


async def unresolved(
    connection: asyncpg.Connection, environment: str, scopes: Sequence[Scope]
) -> Sequence[tuple[pb2.Alert, bool]]:
    """Return the alerts of scopes that are not resolved, locked, each with whether webhooks were told."""
    if not scopes:
        return []
    rows = await connection.fetch(_UNRESOLVED, environment, *_columns(scopes))
    return [(alert_of(row), row["told"]) for row in rows]


async def resolve_by_system(
    connection: asyncpg.Connection,
    row: EnvironmentRow,
    alert: pb2.Alert,
    webhooks: Collection[str],
    now: datetime.datetime,
    *,
    told: bool,
) -> None:
    """Resolve an alert that nobody has resolved; who knows that it was open is told."""
    alert.state, alert.resolved_by = pb2.ALERT_STATE_RESOLVED, SYSTEM
    alert.resolved_at.FromDatetime(now)
    await update_alert(connection, alert, revision=row.next_revision(), told=told)
    if told:
        await enqueue(connection, pb2.ALERT_EVENT_RESOLVED, alert, webhooks, now)


class _Teller:
    """Changes alerts, and says who is told. One that was not told when it was opened is told when that is due."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        row: EnvironmentRow,
        webhooks: Mapping[str, Collection[str]],
        silences: Sequence[Silenced],
        now: datetime.datetime,
        *,
        seen: datetime.datetime,
        late: bool,
    ) -> None:
        self._connection = connection
        self._row = row
        self._webhooks = webhooks
        self._silences = silences
        self._now = now
        self._seen = seen
        self._late = late
        self.changed = 0

    async def open(self, alert: pb2.Alert) -> None:
        alert.id = str(uuid.uuid4())
        alert.state = pb2.ALERT_STATE_OPEN
        alert.opened_at.FromDatetime(self._now)
        alert.last_unusual_at.CopyFrom(alert.end_time)
        alert.silence_id = covering(self._silences, alert)
        alert.found_late = self._late
        told = not self._late and not alert.silence_id
        if not await insert_alert(self._connection, alert, revision=self._row.next_revision(), told=told):
            return
        self.changed += 1
        if told:
            await self._tell(pb2.ALERT_EVENT_OPENED, alert)

    async def go_on(self, alert: pb2.Alert, *, told: bool) -> None:
        alert.last_unusual_at.FromDatetime(self._seen)
        tells = not (told or self._late or covering(self._silences, alert) or alert.state != pb2.ALERT_STATE_OPEN)
        await update_alert(self._connection, alert, revision=self._row.next_revision(), told=told or tells)
        self.changed += 1
        if tells:
            await self._tell(pb2.ALERT_EVENT_OPENED, alert)

    async def close(self, alert: pb2.Alert, *, told: bool) -> None:
        self.changed += 1
        webhooks = self._webhooks.get(alert.rule_key, ())
        await resolve_by_system(self._connection, self._row, alert, webhooks, self._now, told=told)

    async def _tell(self, event: Event, alert: pb2.Alert) -> None:
        await enqueue(self._connection, event, alert, self._webhooks.get(alert.rule_key, ()), self._now)


async def _write_detectors(
    connection: asyncpg.Connection, environment: str, detectors: Mapping[Scope, DetectorRow]
) -> None:
    if detectors:
        rows = detectors.values()
        await connection.execute(
            _UPSERT,
            environment,
            *_columns(detectors),
            [each.first_hour for each in rows],
            [each.last_hour for each in rows],
            [each.state for each in rows],
            [each.episode for each in rows],
        )


def _columns(scopes: Collection[Scope]) -> tuple[list[str], list[str], list[str]]:
    return (
        [each.rule_key for each in scopes],
        [each.tenant for each in scopes],
        [each.currency for each in scopes],
    )
