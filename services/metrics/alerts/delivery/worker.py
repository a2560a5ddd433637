"""Sends what is due, for ever."""

import asyncio
import contextlib
import datetime
import itertools
import logging
import random
import uuid
from collections.abc import Callable
from typing import Final

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.delivery.outbox import Due, PostgresOutbox
from services.metrics.alerts.delivery.schedule import delay_after
from services.metrics.alerts.delivery.sender import ATTEMPT_SECONDS, Sender
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_MOST_AT_ONCE: Final = 8
"""For one round; a webhook's messages go one after the other, so that a slow one keeps nobody else waiting."""
_CLAIM_SECONDS: Final = _MOST_AT_ONCE * (ATTEMPT_SECONDS + 5.0)
_MOST_WEBHOOKS_AT_ONCE: Final = 20
_FORGET_SECONDS: Final = 3600.0
_LOOK_BACK_SECONDS: Final = 5.0
_KEPT: Final = datetime.timedelta(days=30)
_GONE: Final = 410


class DeliveryWorker:
    """
    Sends the messages of the outbox, each at least once and always with the same id. Any number of processes may.

    Args:
        clock: seconds since 1970.
        chance: returns a number between 0 and 1.

    Attributes:
        delivered, failed: attempts that were, and were not, answered well.
        oldest: since when the oldest message waits, in seconds since 1970; None when none does.
    """

    def __init__(
        self,
        outbox: PostgresOutbox,
        sender: Sender,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._chance = chance
        self._busy: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._forget_at = 0.0
        self._look_back_at = 0.0
        self.delivered = 0
        self.failed = 0
        self.oldest: float | None = None

    def wake(self) -> None:
        """Look at once: something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Send for ever."""
        try:
            while True:
                self._woken.clear()
                try:
                    if len(self._busy) < _MOST_WEBHOOKS_AT_ONCE:
                        await self._begin()
                    await self._look_back()
                    await self._forget()
                except Unavailable:
                    pass  # the pool has said so
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._woken.wait()
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _begin(self) -> None:
        now = self._now()
        due = await self._outbox.claim(
            now, list(self._busy), _MOST_AT_ONCE, now + datetime.timedelta(seconds=_CLAIM_SECONDS)
        )
        ordered = sorted(due, key=lambda each: each.webhook_id.bytes)
        for webhook_id, messages in itertools.groupby(ordered, key=lambda each: each.webhook_id):
            task = asyncio.create_task(self._send(list(messages)))
            self._busy[webhook_id] = task
            task.add_done_callback(lambda _, done=webhook_id: self._free(done))  # type: ignore[misc]

    def _free(self, webhook_id: uuid.UUID) -> None:
        self._busy.pop(webhook_id, None)
        self.wake()

    async def _send(self, messages: list[Due]) -> None:
        try:
            for due in messages:
                await self.deliver(due)
        except Unavailable:
            return  # what was sent and not written is sent again, with the same id
        except Exception:  # noqa: BLE001 - one message must not end the worker
            _log.exception("a message to a webhook could not be sent")

    async def deliver(self, due: Due) -> None:
        """Attempt a message that was claimed, and write what came of it; raise `Unavailable`."""
        attempt = await self._sender.attempt(due)
        if not attempt.error:
            self.delivered += 1
            await self._outbox.attempted(due, attempt, pb2.DELIVERY_STATE_DELIVERED, None)
            return
        self.failed += 1
        delay = None if attempt.status == _GONE else delay_after(due.step + 1, self._chance(), attempt.asked)
        if delay is None:
            _log.warning("a message to a webhook is given up", extra={"delivery": due.id, "error": attempt.error})
            await self._outbox.attempted(due, attempt, pb2.DELIVERY_STATE_FAILED, None)
        else:
            again = self._now() + datetime.timedelta(seconds=delay)
            await self._outbox.attempted(due, attempt, pb2.DELIVERY_STATE_PENDING, again)

    async def _look_back(self) -> None:
        if self._clock() >= self._look_back_at:
            self._look_back_at = self._clock() + _LOOK_BACK_SECONDS
            oldest = await self._outbox.oldest_pending()
            self.oldest = None if oldest is None else oldest.timestamp()

    async def _forget(self) -> None:
        if self._clock() >= self._forget_at:
            self._forget_at = self._clock() + _FORGET_SECONDS
            await self._outbox.forget_before(self._now() - _KEPT)

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
