"""Wakes the readers of the log when there is something new; a poll does so in any case."""

import asyncio
from typing import Final

from services.runtime.hints import HintFeed, Missed

_PUBLISH_SECONDS: Final = 0.05
"""Other replicas are told once in this time, however much is committed."""


class LogSignal:
    """
    Tells readers that an environment's log has grown, in this process at once and in the others by hints.

    `publish` and `listen` run beside the calls for as long as the process serves.
    """

    def __init__(self, feed: HintFeed) -> None:
        self._feed = feed
        self._changes: dict[str, _Changes] = {}
        self._unpublished: set[str] = set()
        self._to_publish = asyncio.Event()

    def notify(self, environment: str) -> None:
        """Tell that entries of an environment were committed by this process. Never waits."""
        self._wake(environment)
        self._unpublished.add(environment)
        self._to_publish.set()

    def seen(self, environment: str) -> int:
        """Return what `wait` takes. Ask before reading: what is committed during the read then ends the wait."""
        return self._of(environment).count

    async def wait(self, environment: str, seen: int, seconds: float) -> bool:
        """Return True when the environment's log has grown since `seen`, or False after so many seconds."""
        changes = self._of(environment)
        if changes.count == seen:
            try:
                async with asyncio.timeout(seconds):
                    await changes.happened.wait()
            except TimeoutError:
                return False
        return True

    async def publish(self) -> None:
        """Tell the other replicas; for ever."""
        while True:
            await self._to_publish.wait()
            self._to_publish.clear()
            environments, self._unpublished = self._unpublished, set()
            for environment in environments:
                await self._feed.publish(environment)
            await asyncio.sleep(_PUBLISH_SECONDS)

    async def listen(self) -> None:
        """Wake readers when other replicas tell; for ever."""
        async for hint in self._feed.hints():
            for environment in list(self._changes) if isinstance(hint, Missed) else [hint]:
                self._wake(environment)

    def _of(self, environment: str) -> "_Changes":
        return self._changes.setdefault(environment, _Changes())

    def _wake(self, environment: str) -> None:
        # Nobody reads an environment that is not known here: a name that somebody else made up is not kept.
        changes = self._changes.get(environment)
        if changes is not None:
            changes.count += 1
            changes.happened.set()
            changes.happened = asyncio.Event()


class _Changes:
    """How often an environment's log has grown, and the event of the next time."""

    __slots__ = ("count", "happened")

    def __init__(self) -> None:
        self.count = 0
        self.happened = asyncio.Event()
