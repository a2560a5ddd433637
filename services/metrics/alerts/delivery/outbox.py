"""The outbox: what is to be sent, written with what it tells of, and what came of it."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.delivery.payloads import Event, alert_body, new_message_id
from services.metrics.alerts.places import token_after
from services.runtime.errors import NotFound
from services.runtime.postgres.pool import PostgresPool

_DEFAULT_EVENTS: Final = (pb2.ALERT_EVENT_OPENED, pb2.ALERT_EVENT_RESOLVED)
_SHOWN_ATTEMPTS: Final = 20
_WEBHOOKS: Final = (
    "SELECT id, events FROM alert_webhooks WHERE environment = $1 AND NOT disabled ORDER BY created_at, id"
)
_INSERT: Final = """
    INSERT INTO alert_deliveries
        (id, environment, webhook_id, alert_id, event, state, created_at, next_attempt_at, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# Whoever dies while it sends has moved the next attempt on, and somebody else makes it then.
_CLAIM: Final = """
    WITH due AS (
        SELECT id FROM alert_deliveries WHERE state = 1 AND next_attempt_at <= $1 AND webhook_id <> ALL ($2)
        ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    UPDATE alert_deliveries SET next_attempt_at = $4 FROM due, alert_webhooks
    WHERE alert_deliveries.id = due.id AND alert_webhooks.id = webhook_id
    RETURNING alert_deliveries.id, webhook_id, step, body, alert_deliveries.created_at, url, secret
"""
_ATTEMPTED: Final = """
    UPDATE alert_deliveries
    SET state = CASE WHEN state = 1 THEN $2 ELSE state END,
        next_attempt_at = CASE WHEN state = 1 THEN $3::timestamptz END,
        attempt_count = attempt_count + 1, step = step + 1
    WHERE id = $1
"""
_ADD_ATTEMPT: Final = """
    INSERT INTO alert_attempts (delivery_id, at, seconds, status, error)
    SELECT id, $2, $3, $4, $5 FROM alert_deliveries WHERE id = $1
"""
_FAIL: Final = """
    UPDATE alert_deliveries SET state = 3, next_attempt_at = NULL
    WHERE environment = $1 AND webhook_id = $2 AND state = 1
"""
_RETRY: Final = """
    UPDATE alert_deliveries SET state = 1, next_attempt_at = $3, step = 0 WHERE environment = $1 AND id = $2
    RETURNING webhook_id
"""
_OLDEST: Final = "SELECT min(created_at) FROM alert_deliveries WHERE state = 1"
_COLUMNS: Final = "id, webhook_id, alert_id, event, state, created_at, next_attempt_at, attempt_count"
_PAGE: Final = f"""
    SELECT {_COLUMNS} FROM alert_deliveries
    WHERE environment = $1 AND ($2::uuid IS NULL OR webhook_id = $2) AND ($3::uuid IS NULL OR alert_id = $3)
        AND (cardinality($4::smallint[]) = 0 OR state = ANY ($4))
        AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))
    ORDER BY created_at DESC, id DESC LIMIT $7
"""  # noqa: S608 - constants only
_GET: Final = f"SELECT {_COLUMNS} FROM alert_deliveries WHERE environment = $1 AND id = $2"  # noqa: S608 - constants only
_ATTEMPTS: Final = """
    SELECT delivery_id, at, seconds, status, error FROM (
        SELECT *, row_number() OVER (PARTITION BY delivery_id ORDER BY at DESC) AS place FROM alert_attempts
        WHERE delivery_id = ANY ($1)
    ) AS newest WHERE place <= $2 ORDER BY at DESC
"""
_FORGET: Final = "DELETE FROM alert_deliveries WHERE state <> 1 AND created_at < $1"


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now. `step` is how many attempts its schedule has seen."""

    id: str
    webhook_id: uuid.UUID
    url: str
    secret: bytes = field(repr=False)
    step: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt; `status` is 0 without an answer, `asked` are the seconds to be left alone."""

    at: datetime.datetime
    seconds: float
    status: int = 0
    error: str = ""
    asked: float = 0.0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are asked for; None and empty: all."""

    webhook_id: uuid.UUID | None = None
    alert_id: uuid.UUID | None = None
    states: Collection[int] = ()


async def enqueue(
    connection: asyncpg.Connection,
    event: Event,
    alert: pb2.Alert,
    webhooks: Collection[str],
    now: datetime.datetime,
) -> None:
    """Write a message for each webhook that wants it, in the transaction that changes the alert; empty: for any."""
    body = b""
    for row in await connection.fetch(_WEBHOOKS, alert.environment):
        if (webhooks and str(row["id"]) not in webhooks) or event not in (row["events"] or _DEFAULT_EVENTS):
            continue
        body = body or alert_body(event, alert, now)
        await connection.execute(
            _INSERT,
            new_message_id(),
            alert.environment,
            row["id"],
            uuid.UUID(alert.id),
            event,
            pb2.DELIVERY_STATE_PENDING,
            now,
            now,
            body,
        )


async def fail_those_of(connection: asyncpg.Connection, environment: str, webhook_id: uuid.UUID) -> None:
    """Send nothing more of what waits for a webhook."""
    await connection.execute(_FAIL, environment, webhook_id)


class PostgresOutbox:
    """The outbox in Postgres. All methods raise `Unavailable` when it does not answer."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def claim(
        self, now: datetime.datetime, busy: Collection[uuid.UUID], most: int, again: datetime.datetime
    ) -> Sequence[Due]:
        """Take messages that are due, but for these webhooks; nobody else gets one of them until `again`."""
        async with self._pool.transaction() as connection:
            rows = await connection.fetch(_CLAIM, now, list(busy), most, again)
        rows.sort(key=lambda row: row["created_at"])
        return [Due(row["id"], row["webhook_id"], row["url"], row["secret"], row["step"], row["body"]) for row in rows]

    async def attempted(self, due: Due, attempt: Attempt, state: int, again: datetime.datetime | None) -> None:
        """Write what came of an attempt: the state of the delivery from now on, and when it is attempted again."""
        async with self._pool.transaction() as connection:
            await connection.execute(_ATTEMPTED, due.id, state, again)
            await connection.execute(_ADD_ATTEMPT, due.id, attempt.at, attempt.seconds, attempt.status, attempt.error)

    async def add_test(self, environment: str, due: Due, now: datetime.datetime) -> None:
        """Write a test that is sent once, by whoever has called this."""
        async with self._pool.transaction() as connection:
            values = (due.id, environment, due.webhook_id, None, pb2.ALERT_EVENT_TEST, pb2.DELIVERY_STATE_FAILED)
            await connection.execute(_INSERT, *values, now, None, due.body)

    async def tested(self, due: Due, attempt: Attempt) -> None:
        """Write what came of a test."""
        async with self._pool.transaction() as connection:
            state = pb2.DELIVERY_STATE_FAILED if attempt.error else pb2.DELIVERY_STATE_DELIVERED
            await connection.execute(
                "UPDATE alert_deliveries SET state = $2, attempt_count = 1 WHERE id = $1", due.id, state
            )
            await connection.execute(_ADD_ATTEMPT, due.id, attempt.at, attempt.seconds, attempt.status, attempt.error)

    async def retry(
        self, connection: asyncpg.Connection, environment: str, delivery_id: str, now: datetime.datetime
    ) -> uuid.UUID:
        """Let a message be attempted now, as if it were new; return its webhook; raise `NotFound`."""
        webhook_id: uuid.UUID | None = await connection.fetchval(_RETRY, environment, delivery_id, now)
        if webhook_id is None:
            raise _no_such_delivery(delivery_id)
        return webhook_id

    async def get(self, environment: str, delivery_id: str) -> pb2.Delivery:
        """Return a delivery; raise `NotFound`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_GET, environment, delivery_id)
            if row is None:
                raise _no_such_delivery(delivery_id)
            attempts = await connection.fetch(_ATTEMPTS, [row["id"]], _SHOWN_ATTEMPTS)
        return _delivery(row, attempts)

    async def page(
        self, environment: str, wanted: Filter, before: tuple[datetime.datetime, str] | None, size: int
    ) -> tuple[Sequence[pb2.Delivery], str]:
        """Return deliveries, newest first, and the token of the next page."""
        at, last_id = before or (None, "")
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                _PAGE, environment, wanted.webhook_id, wanted.alert_id, list(wanted.states), at, last_id, size + 1
            )
            attempts = await connection.fetch(_ATTEMPTS, [row["id"] for row in rows[:size]], _SHOWN_ATTEMPTS)
        token = token_after(rows[size - 1]["created_at"], rows[size - 1]["id"]) if len(rows) > size else ""
        return [_delivery(row, attempts) for row in rows[:size]], token

    async def oldest_pending(self) -> datetime.datetime | None:
        """Return since when the oldest message waits that is neither delivered nor given up; None when none does."""
        async with self._pool.connection() as connection:
            oldest: datetime.datetime | None = await connection.fetchval(_OLDEST)
        return oldest

    async def forget_before(self, before: datetime.datetime) -> None:
        """Remove what was sent or given up."""
        async with self._pool.transaction() as connection:
            await connection.execute(_FORGET, before)


def _no_such_delivery(delivery_id: str) -> NotFound:
    return NotFound(
        f"there is no delivery {delivery_id!r}",
        reason=reasons.ERROR_REASON_DELIVERY_NOT_FOUND,
        metadata={"delivery_id": delivery_id},
    )


def _delivery(row: Any, attempts: Sequence[Any]) -> pb2.Delivery:
    delivery = pb2.Delivery(
        id=row["id"],
        webhook_id=str(row["webhook_id"]),
        alert_id=str(row["alert_id"] or ""),
        event=row["event"],
        state=row["state"],
        attempt_count=row["attempt_count"],
    )
    delivery.created_at.FromDatetime(row["created_at"])
    if row["next_attempt_at"] is not None:
        delivery.next_attempt_at.FromDatetime(row["next_attempt_at"])
    for each in attempts:
        if each["delivery_id"] == row["id"]:
            attempt = delivery.attempts.add(status=each["status"], error=each["error"])
            attempt.at.FromDatetime(each["at"])
            attempt.duration.FromNanoseconds(int(each["seconds"] * 1e9))
    return delivery
