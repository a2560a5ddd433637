"""What is silent, and for how long."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.changes import Change, note_change
from services.metrics.alerts.places import token_after
from services.runtime.errors import NotFound
from services.runtime.postgres.pool import PostgresPool

_COLUMNS: Final = "id, tenant, metric, rule_key, starts_at, ends_at, reason, created_by, created_at, ended_by, ended_at"
_INSERT: Final = """
    INSERT INTO alert_silences
        (id, environment, tenant, metric, rule_key, starts_at, ends_at, reason, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_GET: Final = f"SELECT {_COLUMNS} FROM alert_silences WHERE environment = $1 AND id = $2"  # noqa: S608 - constants only
_END: Final = f"""
    UPDATE alert_silences SET ends_at = greatest(starts_at, $3), ended_at = $3, ended_by = $4
    WHERE environment = $1 AND id = $2 AND ends_at > $3 RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_PAGE: Final = f"""
    SELECT {_COLUMNS} FROM alert_silences WHERE environment = $1 AND ($2 OR ends_at > $3)
    AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid)) ORDER BY created_at DESC, id DESC LIMIT $6
"""  # noqa: S608 - constants only
_PRESENT: Final = """
    SELECT id, tenant, metric, rule_key FROM alert_silences WHERE environment = $1 AND starts_at <= $2 AND ends_at > $2
    ORDER BY created_at, id
"""


@dataclass(frozen=True, slots=True)
class Silenced:
    """What a silence is for; what is empty is any."""

    id: str
    tenant: str = ""
    metric: str = ""
    rule_key: str = ""

    def covers(self, alert: pb2.Alert) -> bool:
        """Return whether the silence is for an alert."""
        return (
            self.tenant in ("", alert.tenant)
            and self.metric in ("", alert.metric)
            and self.rule_key in ("", alert.rule_key)
        )


def covering(silences: Iterable[Silenced], alert: pb2.Alert) -> str:
    """Return the id of the first silence that is for an alert; empty when there is none."""
    return next((each.id for each in silences if each.covers(alert)), "")


async def present_silences(
    connection: asyncpg.Connection, environment: str, now: datetime.datetime
) -> Sequence[Silenced]:
    """Return the silences that hold now, the oldest first."""
    rows = await connection.fetch(_PRESENT, environment, now)
    return [Silenced(str(row["id"]), row["tenant"], row["metric"], row["rule_key"]) for row in rows]


class PostgresSilences:
    """Silences in Postgres. All methods raise `Unavailable` when it does not answer."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def create(self, environment: str, wish: pb2.Silence, actor: str, now: datetime.datetime) -> pb2.Silence:
        """Create a silence with a new id."""
        silence_id = uuid.uuid4()
        async with self._pool.transaction() as connection:
            await connection.execute(
                _INSERT,
                silence_id,
                environment,
                wish.tenant,
                wish.metric,
                wish.rule_key,
                wish.start_time.ToDatetime(datetime.UTC),
                wish.end_time.ToDatetime(datetime.UTC),
                wish.reason,
                actor,
                now,
            )
            change = Change("silence.create", str(silence_id), actor, now, wish.reason)
            await note_change(connection, environment, change)
            return _silence(await connection.fetchrow(_GET, environment, silence_id))

    async def end(self, environment: str, silence_id: uuid.UUID, actor: str, now: datetime.datetime) -> pb2.Silence:
        """End a silence now, unless it has ended; raise `NotFound`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_END, environment, silence_id, now, actor)
            if row is not None:
                await note_change(connection, environment, Change("silence.end", str(silence_id), actor, now))
                return _silence(row)
            row = await connection.fetchrow(_GET, environment, silence_id)
        if row is None:
            raise NotFound(
                f"there is no silence {silence_id}",
                reason=reasons.ERROR_REASON_SILENCE_NOT_FOUND,
                metadata={"silence_id": str(silence_id)},
            )
        return _silence(row)

    async def page(
        self,
        environment: str,
        *,
        now: datetime.datetime,
        with_ended: bool,
        before: tuple[datetime.datetime, uuid.UUID] | None,
        size: int,
    ) -> tuple[Sequence[pb2.Silence], str]:
        """Return silences, newest first, and the token of the next page."""
        created_at, last_id = before or (None, None)
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGE, environment, with_ended, now, created_at, last_id, size + 1)
        last = rows[size - 1] if len(rows) > size else None
        token = "" if last is None else token_after(last["created_at"], last["id"])
        return [_silence(row) for row in rows[:size]], token


def _silence(row: Any) -> pb2.Silence:
    silence = pb2.Silence(
        id=str(row["id"]),
        tenant=row["tenant"],
        metric=row["metric"],
        rule_key=row["rule_key"],
        reason=row["reason"],
        created_by=row["created_by"],
        ended_by=row["ended_by"] or "",
    )
    silence.start_time.FromDatetime(row["starts_at"])
    silence.end_time.FromDatetime(row["ends_at"])
    silence.created_at.FromDatetime(row["created_at"])
    if row["ended_at"] is not None:
        silence.ended_at.FromDatetime(row["ended_at"])
    return silence
