"""Live events for people: one reading of the log an environment feeds everybody who looks."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from services.runtime.errors import ServiceError, Unavailable
from services.telemetry.events.stored import EVENT
from services.telemetry.events.subjects import USER
from services.telemetry.log import LogReader, LogRow, LogSlice, Position
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.entries import ERASURES, tailed_event
from services.telemetry.log.following import Following
from services.telemetry.log.signal import LogSignal

_log = logging.getLogger(__name__)

MOST_EVENTS: Final = 1_000
"""That wait for one reader, and that it gets in one response."""
_MOST_BYTES: Final = 1024 * 1024
_SLICE: Final = 1_000
_QUIET_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody wants to see; what is empty leaves nothing out. `user_id` takes in joined anonymous ids."""

    names: frozenset[str] = frozenset()
    tenant: str = ""
    user_id: str = ""

    def takes(self, row: LogRow) -> bool:
        """Return whether an entry is wanted. Only events are."""
        return (
            row.kind == EVENT
            and (not self.names or row.name in self.names)
            and (not self.tenant or row.tenant == self.tenant)
            and (not self.user_id or row.person == USER + self.user_id)
        )


class Tail:
    """
    One reader. What waits for it is bounded; beyond that the newest events are left out and counted.

    `begins_after` is the position after which it gets everything that is wanted.
    """

    def __init__(self, wanted: Wanted, actors: ActorIds) -> None:
        self.wanted = wanted
        self.begins_after = Position(0, 0)
        self._actors = actors
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._missed = 0
        self._error: ServiceError | None = None
        self._changed = asyncio.Event()

    def offer(self, row: LogRow) -> None:
        """Take an entry if it is wanted."""
        if not self.wanted.takes(row):
            return
        if len(self._waiting) >= MOST_EVENTS or self._bytes > _MOST_BYTES:
            self._missed += 1
        else:
            event = tailed_event(row, self._actors)
            self._waiting.append(event)
            self._bytes += len(event)
        self._changed.set()

    def fail(self, error: ServiceError) -> None:
        """End the reader with an error, after what waits."""
        self._error = error
        self._changed.set()

    async def next(self) -> tuple[list[bytes], int]:
        """
        Return what waits, as `tailed_event` made it, and how many events were left out; waits for it if need be.

        Raises:
            ServiceError: the log cannot be read on.
        """
        await self._changed.wait()
        self._changed.clear()
        events, missed = list(self._waiting), self._missed
        self._waiting.clear()
        self._bytes = self._missed = 0
        if self._error is not None:
            if not events and not missed:
                raise self._error
            self._changed.set()
        return events, missed


class TailHub:
    """Reads an environment's log from its end on while somebody looks, once for all of them."""

    def __init__(self, reader: LogReader, signal: LogSignal, actors: ActorIds, poll_seconds: float) -> None:
        self._reader = reader
        self._signal = signal
        self._actors = actors
        self._poll_seconds = poll_seconds
        self._feeds: dict[str, _Feed] = {}

    @asynccontextmanager
    async def tail(self, environment: str, wanted: Wanted) -> AsyncIterator[Tail]:
        """
        Yield a reader of an environment's events from now on.

        Raises:
            Unavailable: the database does not answer.
        """
        feed = self._feeds.get(environment)
        if feed is None:
            feed = self._feeds[environment] = _Feed()
            feed.task = asyncio.create_task(self._read(environment, feed))
        tail = Tail(wanted, self._actors)
        feed.add(tail)
        try:
            await asyncio.shield(feed.started)
            yield tail
        finally:
            feed.tails.discard(tail)
            if not feed.tails:
                self._forget(environment, feed)

    async def _read(self, environment: str, feed: "_Feed") -> None:
        try:
            epoch, end = await self._reader.epoch(), await self._reader.end()
            feed.start(end)
            following = Following(
                self._reader, self._signal, environment, epoch=epoch, position=end, poll_seconds=self._poll_seconds
            )
            async for found in following.slices(_SLICE, _QUIET_SECONDS):
                feed.offer(found)
                if any(row.kind in ERASURES for row in found.rows):
                    self._actors.forget()
        except Exception as error:  # noqa: BLE001 - whatever it is, those who look must not wait for ever
            self._forget(environment, feed)
            if not isinstance(error, ServiceError):
                _log.exception("the log could not be read for those who look at events")
                error = Unavailable("the log could not be read")
            feed.fail(error)

    def _forget(self, environment: str, feed: "_Feed") -> None:
        if self._feeds.get(environment) is feed:
            del self._feeds[environment]
        if feed.task is not None and feed.task is not asyncio.current_task():
            feed.task.cancel()


class _Feed:
    """The readers of one environment, and how far all of them were offered the log."""

    def __init__(self) -> None:
        self.tails: set[Tail] = set()
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None
        self._position: Position | None = None

    def add(self, tail: Tail) -> None:
        """Offer a reader what comes from now on."""
        self.tails.add(tail)
        if self._position is not None:
            tail.begins_after = self._position

    def start(self, position: Position) -> None:
        """Begin after a position."""
        self._position = position
        for tail in self.tails:
            tail.begins_after = position
        self.started.set_result(None)

    def offer(self, found: LogSlice) -> None:
        """Offer a slice to everybody."""
        for tail in self.tails:
            for row in found.rows:
                tail.offer(row)
        self._position = found.position

    def fail(self, error: ServiceError) -> None:
        """Tell everybody that the log cannot be read on."""
        for tail in self.tails:
            tail.fail(error)
        if not self.started.done():
            self.started.set_exception(error)
            self.started.exception()  # perhaps nobody waits any more
