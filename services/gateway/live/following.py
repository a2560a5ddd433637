"""One stream that follows all tenants of an environment that somebody watches."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, Callable
from typing import Final

from services.gateway.live.feed import Feed
from services.gateway.live.source import MOST_IN_A_CHANGE, Change, LiveSource
from services.runtime.background import in_background
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 6.0
"""The metrics service sends a frame every 5 s; what is silent for longer is told to be old."""
_LOOK_SECONDS: Final = 1.0
_TOGETHER_SECONDS: Final = 0.01
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0


class Following:
    """The feeds of an environment, kept current by one stream, which is opened anew for as long as this lives."""

    def __init__(self, source: LiveSource, environment: str) -> None:
        self.feeds: dict[str, Feed] = {}
        self._source = source
        self._environment = environment
        self._changed: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def add(self, tenant: str) -> Feed:
        """Begin to follow a tenant."""
        feed = self.feeds[tenant] = Feed()
        self._note(tenant)
        return feed

    def remove(self, tenant: str) -> None:
        """Follow a tenant no more."""
        del self.feeds[tenant]
        self._note(tenant)

    def stop(self) -> None:
        """End the stream."""
        self._task.cancel()

    async def _run(self) -> None:
        async with in_background(self._follow_on, self._look_for_silence):
            await asyncio.Event().wait()

    async def _follow_on(self) -> None:
        failures = 0
        while True:
            try:
                async with contextlib.aclosing(self._source.watch(self._environment, self._changes())) as responses:
                    async for frames in responses:
                        failures = 0
                        for frame in frames:
                            feed = self.feeds.get(frame.tenant)
                            if feed is not None:
                                feed.take(frame)
            except Unavailable as error:
                if failures == 0:
                    _log.warning("no live metrics for now: %s", error.message)
            except Exception:  # noqa: BLE001 - the next stream may work
                _log.exception("a stream of live metrics failed")
            failures += 1
            await self._tell_silence(lambda feed: not feed.state.silent)
            await asyncio.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 6)))

    async def _changes(self) -> AsyncGenerator[Change]:
        """Yield what a new stream has to be told: all tenants at first, then those that come and go."""
        told: dict[str, Feed] = {}
        self._changed = dict.fromkeys(self.feeds)
        while True:
            if not self._changed:
                self._woken.clear()
                await self._woken.wait()
                await asyncio.sleep(_TOGETHER_SECONDS)
            changed, self._changed = self._changed, {}
            removed = [each for each in changed if each in told and told[each] is not self.feeds.get(each)]
            for tenant in removed:
                del told[tenant]
            added = [(each, self.feeds[each]) for each in changed if each in self.feeds and each not in told]
            told.update(added)
            for start in range(0, len(removed), MOST_IN_A_CHANGE):
                yield Change(removed=removed[start : start + MOST_IN_A_CHANGE])
            for start in range(0, len(added), MOST_IN_A_CHANGE):
                yield Change([(name, feed.state.frame) for name, feed in added[start : start + MOST_IN_A_CHANGE]])

    async def _look_for_silence(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            longest_ago = now() - SILENCE_SECONDS
            await self._tell_silence(lambda feed: feed.heard_at < longest_ago)  # noqa: B023 - called before the next turn

    async def _tell_silence(self, is_due: Callable[[Feed], bool]) -> None:
        for feed in list(self.feeds.values()):
            # Asked in its turn: some may be heard while others are told.
            if is_due(feed):
                feed.note_silence()
                # There may be thousands, with sockets each.
                await asyncio.sleep(0)

    def _note(self, tenant: str) -> None:
        self._changed[tenant] = None
        self._woken.set()
