"""Webhooks: who is told."""

import datetime
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2
from mirante.api.metrics.v1 import alert_service_pb2 as service_pb2

from services.metrics.alerts.changes import Change, note_change
from services.metrics.alerts.delivery.addresses import check_url
from services.metrics.alerts.delivery.outbox import Due, PostgresOutbox, fail_those_of
from services.metrics.alerts.delivery.payloads import new_message_id, test_body
from services.metrics.alerts.delivery.sender import Sender
from services.metrics.alerts.delivery.signing import new_secret, secret_text
from services.runtime.errors import InvalidRequest, NotFound, StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import check_text

MOST_WEBHOOKS: Final = 100

_MOST_DESCRIPTION: Final = 1_000
_EVENTS: Final = (pb2.ALERT_EVENT_OPENED, pb2.ALERT_EVENT_ACKNOWLEDGED, pb2.ALERT_EVENT_RESOLVED)
_COLUMNS: Final = "id, url, description, events, disabled, created_at, created_by, updated_at, updated_by"
_LIST: Final = f"SELECT {_COLUMNS} FROM alert_webhooks WHERE environment = $1 ORDER BY created_at, id"  # noqa: S608 - constants only
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('alert_webhooks ' || $1, 0))"
_COUNT: Final = "SELECT count(*) FROM alert_webhooks WHERE environment = $1"
_INSERT: Final = f"""
    INSERT INTO alert_webhooks (id, environment, url, description, events, disabled, secret, created_at, created_by,
        updated_at, updated_by)
    VALUES ($1, $2, $3, $4, $5, false, $6, $7, $8, $7, $8) RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_UPDATE: Final = f"""
    UPDATE alert_webhooks SET url = $3, description = $4, events = $5, disabled = $6, updated_at = $7, updated_by = $8
    WHERE environment = $1 AND id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_ROTATE: Final = f"""
    UPDATE alert_webhooks SET secret = $3, updated_at = $4, updated_by = $5
    WHERE environment = $1 AND id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_DELETE: Final = "DELETE FROM alert_webhooks WHERE environment = $1 AND id = $2 RETURNING 1"
_SECRET: Final = "SELECT url, secret FROM alert_webhooks WHERE environment = $1 AND id = $2"  # noqa: S105 - a statement
_RULES: Final = "SELECT rule FROM alert_rules WHERE environment = $1 AND NOT deleted ORDER BY key"
_EXISTS: Final = "SELECT disabled FROM alert_webhooks WHERE environment = $1 AND id = $2"


class Webhooks:
    """
    Manages webhooks, and what was sent to them.

    Whatever is raised, nothing was changed. Every method raises `Unavailable` when the database does not answer, and
    `NotFound` for what there is not.
    """

    def __init__(
        self, pool: PostgresPool, outbox: PostgresOutbox, sender: Sender, clock: Callable[[], float] = time.time
    ) -> None:
        self._pool = pool
        self._outbox = outbox
        self._sender = sender
        self._clock = clock

    async def create(
        self, environment: str, url: str, description: str, events: Sequence[int], actor: str
    ) -> tuple[pb2.Webhook, str]:
        """
        Create a webhook; return it, and its secret, which is not shown again.

        Raises:
            InvalidRequest: an address, a description or events that cannot be.
            StateConflict: there are as many as there may be.
        """
        _check(url, description, events)
        secret, webhook_id, now = new_secret(), uuid.uuid4(), self._now()
        async with self._pool.transaction() as connection:
            await connection.execute(_LOCK, environment)
            if await connection.fetchval(_COUNT, environment) >= MOST_WEBHOOKS:
                raise StateConflict(f"there are {MOST_WEBHOOKS} webhooks, which is the most")
            row = await connection.fetchrow(
                _INSERT, webhook_id, environment, url, description, sorted(set(events)), secret, now, actor
            )
            await note_change(connection, environment, Change("webhook.create", str(webhook_id), actor, now))
        return _webhook(row), secret_text(secret)

    async def all(self, environment: str) -> Sequence[pb2.Webhook]:
        """Return the webhooks of an environment."""
        async with self._pool.connection() as connection:
            return [_webhook(row) for row in await connection.fetch(_LIST, environment)]

    async def update(self, environment: str, wish: service_pb2.UpdateWebhookRequest, actor: str) -> pb2.Webhook:
        """Replace what can be set; nothing more is sent to one that is disabled. Raises `InvalidRequest`."""
        webhook_id = _id(wish.webhook_id)
        _check(wish.url, wish.description, wish.events)
        now = self._now()
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(
                _UPDATE,
                environment,
                webhook_id,
                wish.url,
                wish.description,
                sorted(set(wish.events)),
                wish.disabled,
                now,
                actor,
            )
            if row is None:
                raise _no_such_webhook(webhook_id)
            if wish.disabled:
                await fail_those_of(connection, environment, webhook_id)
            await note_change(connection, environment, Change("webhook.update", str(webhook_id), actor, now))
        return _webhook(row)

    async def rotate(self, environment: str, webhook: str, actor: str) -> tuple[pb2.Webhook, str]:
        """Give a webhook a new secret; return both."""
        webhook_id, secret, now = _id(webhook), new_secret(), self._now()
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_ROTATE, environment, webhook_id, secret, now, actor)
            if row is None:
                raise _no_such_webhook(webhook_id)
            await note_change(connection, environment, Change("webhook.rotate_secret", str(webhook_id), actor, now))
        return _webhook(row), secret_text(secret)

    async def delete(self, environment: str, webhook: str, actor: str) -> None:
        """Remove a webhook; raise `StateConflict` while a rule names it, of which nobody would be told then."""
        webhook_id, now = _id(webhook), self._now()
        async with self._pool.transaction() as connection:
            await connection.execute(_LOCK, environment)
            for row in await connection.fetch(_RULES, environment):
                rule = pb2.AlertRule.FromString(row["rule"])
                if str(webhook_id) in rule.webhooks:
                    raise StateConflict(f"the rule {rule.key!r} names it", metadata={"rule_key": rule.key})
            if not await connection.fetchval(_DELETE, environment, webhook_id):
                raise _no_such_webhook(webhook_id)
            await fail_those_of(connection, environment, webhook_id)
            await note_change(connection, environment, Change("webhook.delete", str(webhook_id), actor, now))

    async def test(self, environment: str, webhook: str, actor: str) -> pb2.Delivery:
        """Send a test, once, whether the webhook is disabled or not; return what came of it."""
        webhook_id, now = _id(webhook), self._now()
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_SECRET, environment, webhook_id)
            if row is None:
                raise _no_such_webhook(webhook_id)
            await note_change(connection, environment, Change("webhook.test", str(webhook_id), actor, now))
        body = test_body(environment, str(webhook_id), now)
        due = Due(new_message_id(), webhook_id, row["url"], row["secret"], 0, body)
        await self._outbox.add_test(environment, due, now)
        await self._outbox.tested(due, await self._sender.attempt(due))
        return await self._outbox.get(environment, due.id)

    async def retry(self, environment: str, delivery_id: str, actor: str) -> pb2.Delivery:
        """
        Attempt a message again.

        Raises:
            StateConflict: its webhook is disabled or was deleted.
        """
        now = self._now()
        async with self._pool.transaction() as connection:
            webhook_id = await self._outbox.retry(connection, environment, delivery_id, now)
            disabled = await connection.fetchval(_EXISTS, environment, webhook_id)
            if disabled is not False:
                raise StateConflict("its webhook is disabled or was deleted")
            await note_change(connection, environment, Change("delivery.retry", delivery_id, actor, now))
        return await self._outbox.get(environment, delivery_id)

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)


def _check(url: str, description: str, events: Sequence[int]) -> None:
    check_url(url)
    check_text("description", description, _MOST_DESCRIPTION)
    for at, event in enumerate(events):
        if event not in _EVENTS:
            raise InvalidRequest.of(f"events[{at}]", "must be opened, acknowledged or resolved")


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidRequest.of("webhook_id", "must be the id of a webhook") from None


def _no_such_webhook(webhook_id: uuid.UUID) -> NotFound:
    return NotFound(
        f"there is no webhook {webhook_id}",
        reason=reasons.ERROR_REASON_WEBHOOK_NOT_FOUND,
        metadata={"webhook_id": str(webhook_id)},
    )


def _webhook(row: Any) -> pb2.Webhook:
    webhook = pb2.Webhook(
        id=str(row["id"]),
        url=row["url"],
        description=row["description"],
        events=row["events"],
        disabled=row["disabled"],
        created_by=row["created_by"],
        updated_by=row["updated_by"],
    )
    webhook.created_at.FromDatetime(row["created_at"])
    webhook.updated_at.FromDatetime(row["updated_at"])
    return webhook
