"""One feed for each tenant that somebody watches, shared by all its sockets."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2

from services.gateway.live.source import LiveSource
from services.gateway.live.state import LiveState
from services.gateway.live.subscriber import Subscriber
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

LINGER_SECONDS: Final = 10.0
"""A feed that nobody watches any more goes on for this long: reloading a page opens no new stream."""
SILENCE_SECONDS: Final = 6.0
"""The metrics service sends a frame every 5 s; what is silent for longer is told to be old."""

_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0
_AT_ONCE: Final = 500
"""Sockets that are written to before others have a turn: a few milliseconds."""

FeedKey = tuple[str, str]
"""Environment and tenant."""


class Feed:
    """The live state of a tenant, kept current by one stream."""

    def __init__(self, source: LiveSource, key: FeedKey) -> None:
        self.state = LiveState()
        self.watchers = 0
        self._subscribers: dict[Subscriber, None] = {}
        self._source = source
        self._key = key
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """End the stream."""
        self._task.cancel()

    @contextlib.contextmanager
    def telling(self, subscriber: Subscriber) -> Iterator[None]:
        """Tell a subscriber what is known, and then what is new, until the block ends."""
        self._subscribers[subscriber] = None
        subscriber.offer()
        try:
            yield
        finally:
            del self._subscribers[subscriber]

    async def _run(self) -> None:
        failures = 0
        while True:
            before = self.state.version
            try:
                await self._follow()
            except Unavailable as error:
                if failures == 0:
                    _log.warning("no live metrics for now: %s", error.message)
            except Exception:  # noqa: BLE001 - the next stream may work
                _log.exception("a stream of live metrics failed")
            failures = 1 if self.state.version > before else failures + 1
            await self._tell_silence()
            await asyncio.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 6)))

    async def _follow(self) -> None:
        frames = self._source.watch(*self._key, self.state.frame)
        async with contextlib.aclosing(_with_pauses(frames, SILENCE_SECONDS)) as found:
            async for frame in found:
                if frame is None:
                    await self._tell_silence()
                    continue
                self.state.apply(frame)
                await self._tell()

    async def _tell_silence(self) -> None:
        self.state.note_silence()
        await self._tell()

    async def _tell(self) -> None:
        for number, subscriber in enumerate(list(self._subscribers), 1):
            subscriber.offer()
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)


class Feeds:
    """The feeds that are open."""

    def __init__(self, source: LiveSource, linger_seconds: float = LINGER_SECONDS) -> None:
        self._source = source
        self._linger = linger_seconds
        self._feeds: dict[FeedKey, Feed] = {}

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._feeds)

    @contextlib.contextmanager
    def watching(self, environment: str, tenant: str) -> Iterator[Feed]:
        """Hold the feed of a tenant until the block ends."""
        key = (environment, tenant)
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(self._source, key)
        feed.watchers += 1
        try:
            yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                asyncio.get_running_loop().call_later(self._linger, self._let_go, key, feed)

    def close(self) -> None:
        """End all."""
        for feed in self._feeds.values():
            feed.stop()
        self._feeds.clear()

    def _let_go(self, key: FeedKey, feed: Feed) -> None:
        if not feed.watchers and self._feeds.get(key) is feed:
            del self._feeds[key]
            feed.stop()


async def _with_pauses(
    frames: AsyncIterator[metrics_pb2.LiveFrame], seconds: float
) -> AsyncGenerator[metrics_pb2.LiveFrame | None, None]:
    """Yield frames as they come, and None whenever none came for so long."""
    coming = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=seconds)
            if not done:
                yield None
                continue
            frame = coming.result()
            if frame is None:
                return
            yield frame
            coming = asyncio.ensure_future(anext(frames, None))
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await coming
