"""Alerts as people see them, and what they do about them."""

import datetime
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.alert_rows import COLUMNS, alert_of, lock_alert, update_alert
from services.metrics.alerts.changes import Change, note_change
from services.metrics.alerts.delivery.outbox import enqueue
from services.metrics.alerts.delivery.payloads import Event
from services.metrics.alerts.places import token_after
from services.metrics.alerts.postgres_environments import lock_environment, save_environment
from services.metrics.alerts.postgres_rules import record_of
from services.runtime.errors import NotFound, StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import check_text, require_text

MOST_NOTES: Final = 100

_LONGEST_NOTE: Final = 2_000
_GET: Final = f"SELECT {COLUMNS} FROM alerts WHERE environment = $1 AND id = $2"  # noqa: S608 - constants only
_UNRESOLVED: Final = f"SELECT {COLUMNS} FROM alerts WHERE environment = $1 AND state <> 3 ORDER BY opened_at, id"  # noqa: S608 - constants only
_SINCE: Final = f"SELECT {COLUMNS} FROM alerts WHERE environment = $1 AND revision > $2 ORDER BY revision"  # noqa: S608 - constants only
_REVISION: Final = "SELECT revision FROM alert_environments WHERE environment = $1"
_PAGE: Final = f"""
    SELECT {COLUMNS}, opened_at FROM alerts WHERE environment = $1
        AND (cardinality($2::smallint[]) = 0 OR state = ANY ($2))
        AND (cardinality($3::text[]) = 0 OR tenant = ANY ($3))
        AND (cardinality($4::text[]) = 0 OR metric = ANY ($4))
        AND (cardinality($5::text[]) = 0 OR rule_key = ANY ($5))
        AND (cardinality($6::smallint[]) = 0 OR kind = ANY ($6))
        AND (cardinality($7::smallint[]) = 0 OR severity = ANY ($7))
        AND ($8::timestamptz IS NULL OR opened_at >= $8) AND ($9::timestamptz IS NULL OR opened_at < $9)
        AND ($10::timestamptz IS NULL OR (opened_at, id) < ($10, $11::uuid))
    ORDER BY opened_at DESC, id DESC LIMIT $12
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; None and empty: all."""

    states: Collection[int] = ()
    tenants: Collection[str] = ()
    metrics: Collection[str] = ()
    rule_keys: Collection[str] = ()
    kinds: Collection[int] = ()
    severities: Collection[int] = ()
    opened_from: datetime.datetime | None = None
    opened_before: datetime.datetime | None = None


class AlertDesk:
    """
    Every method raises `Unavailable` when the database does not answer, and `NotFound` for an alert that there is not.

    Whatever is raised, nothing was changed. Environments must have been begun.
    """

    def __init__(self, pool: PostgresPool, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._clock = clock

    async def get(self, environment: str, alert_id: uuid.UUID) -> pb2.Alert:
        """Return an alert."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_GET, environment, alert_id)
        if row is None:
            raise _no_such_alert(alert_id)
        return alert_of(row)

    async def page(
        self, environment: str, wanted: AlertFilter, before: tuple[datetime.datetime, uuid.UUID] | None, size: int
    ) -> tuple[Sequence[pb2.Alert], str]:
        """Return alerts, newest first, and the token of the next page."""
        opened_at, last_id = before or (None, None)
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                _PAGE,
                environment,
                list(wanted.states),
                list(wanted.tenants),
                list(wanted.metrics),
                list(wanted.rule_keys),
                list(wanted.kinds),
                list(wanted.severities),
                wanted.opened_from,
                wanted.opened_before,
                opened_at,
                last_id,
                size + 1,
            )
        token = token_after(rows[size - 1]["opened_at"], rows[size - 1]["id"]) if len(rows) > size else ""
        return [alert_of(row) for row in rows[:size]], token

    async def unresolved(self, environment: str) -> tuple[int, Sequence[pb2.Alert]]:
        """Return all alerts that are not resolved, and the revision as of which, or later, they are."""
        async with self._pool.transaction() as connection:
            revision = int(await connection.fetchval(_REVISION, environment))
            rows = await connection.fetch(_UNRESOLVED, environment)
        return revision, [alert_of(row) for row in rows]

    async def changed_since(self, environment: str, revision: int) -> Sequence[pb2.Alert]:
        """Return the alerts that have changed since a revision, in the order of their changes."""
        async with self._pool.connection() as connection:
            return [alert_of(row) for row in await connection.fetch(_SINCE, environment, revision)]

    async def acknowledge(self, environment: str, alert_id: uuid.UUID, note: str, actor: str) -> pb2.Alert:
        """
        Note that somebody takes care of it; nothing happens when somebody does already.

        Raises:
            InvalidRequest: the note is too long.
            StateConflict: it is resolved, or has as many notes as it may.
        """
        check_text("note", note, _LONGEST_NOTE, lines=True)

        def change(alert: pb2.Alert, now: datetime.datetime) -> Event | None:
            if alert.state == pb2.ALERT_STATE_RESOLVED:
                raise StateConflict("the alert is resolved", metadata={"state": "resolved"})
            if alert.state == pb2.ALERT_STATE_ACKNOWLEDGED:
                return None
            alert.state, alert.acknowledged_by = pb2.ALERT_STATE_ACKNOWLEDGED, actor
            alert.acknowledged_at.FromDatetime(now)
            _add_note(alert, note, actor, now)
            return pb2.ALERT_EVENT_ACKNOWLEDGED

        return await self._change(environment, alert_id, change, ("alert.acknowledge", actor, note))

    async def resolve(self, environment: str, alert_id: uuid.UUID, note: str, actor: str) -> pb2.Alert:
        """
        Close an alert; nothing happens to one that is closed.

        Raises:
            InvalidRequest: the note is too long.
            StateConflict: it has as many notes as it may.
        """
        check_text("note", note, _LONGEST_NOTE, lines=True)

        def change(alert: pb2.Alert, now: datetime.datetime) -> Event | None:
            if alert.state == pb2.ALERT_STATE_RESOLVED:
                return None
            alert.state, alert.resolved_by = pb2.ALERT_STATE_RESOLVED, actor
            alert.resolved_at.FromDatetime(now)
            _add_note(alert, note, actor, now)
            return pb2.ALERT_EVENT_RESOLVED

        return await self._change(environment, alert_id, change, ("alert.resolve", actor, note))

    async def add_note(self, environment: str, alert_id: uuid.UUID, text: str, actor: str) -> pb2.Alert:
        """
        Add a note.

        Raises:
            InvalidRequest: the text is empty or too long.
            StateConflict: it has as many notes as it may.
        """
        require_text("text", text, _LONGEST_NOTE, lines=True)

        def change(alert: pb2.Alert, now: datetime.datetime) -> Event:
            _add_note(alert, text, actor, now)
            return pb2.ALERT_EVENT_UNSPECIFIED

        return await self._change(environment, alert_id, change, ("alert.note", actor, text))

    async def _change(
        self,
        environment: str,
        alert_id: uuid.UUID,
        change: Callable[[pb2.Alert, datetime.datetime], Event | None],
        noted: tuple[str, str, str],
    ) -> pb2.Alert:
        """Change an alert; None from `change` says that nothing has changed, an event that webhooks are told."""
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        action, actor, comment = noted
        async with self._pool.transaction() as connection:
            row = await lock_environment(connection, environment)
            found = await lock_alert(connection, environment, alert_id)
            if found is None:
                raise _no_such_alert(alert_id)
            alert, told = found
            event = change(alert, now)
            if event is None:
                return alert
            await update_alert(connection, alert, revision=row.next_revision(), told=told)
            await save_environment(connection, environment, row)
            await note_change(connection, environment, Change(action, str(alert_id), actor, now, comment))
            if told and event != pb2.ALERT_EVENT_UNSPECIFIED:
                await enqueue(connection, event, alert, await _webhooks(connection, alert), now)
        return alert


async def _webhooks(connection: asyncpg.Connection, alert: pb2.Alert) -> Collection[str]:
    record = await record_of(connection, alert.environment, alert.rule_key)
    return () if record is None else list(record.rule.webhooks)


def _add_note(alert: pb2.Alert, text: str, actor: str, now: datetime.datetime) -> None:
    if not text:
        return
    if len(alert.notes) >= MOST_NOTES:
        raise StateConflict(f"the alert has {MOST_NOTES} notes, which is the most")
    alert.notes.add(by=actor, text=text).at.FromDatetime(now)


def _no_such_alert(alert_id: uuid.UUID) -> NotFound:
    return NotFound(
        f"there is no alert {alert_id}",
        reason=reasons.ERROR_REASON_ALERT_NOT_FOUND,
        metadata={"alert_id": str(alert_id)},
    )
