"""What every `ChangeFeed` promises, checked on whatever feed a subclass provides."""

import asyncio
from collections.abc import AsyncIterator

from services.flags.change_feed import ChangeFeed, Hint, Notice, RulesChanged

PATIENCE_SECONDS = 30


class Listener:
    """Collects the hints of one listener in a task."""

    def __init__(self, feed: ChangeFeed) -> None:
        self.heard: list[Hint] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._listen(feed.hints()))

    async def until_heard(self, hint: Hint, times: int = 1) -> None:
        """Return when a hint was heard that many times in all."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: self.heard.count(hint) >= times)

    async def stop(self) -> None:
        """Listen no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, hints: AsyncIterator[Hint]) -> None:
        async for hint in hints:
            async with self._changed:
                self.heard.append(hint)
                self._changed.notify_all()


class ChangeFeedContract:
    """A subclass provides the fixture `feed`."""

    async def test_a_listener_begins_with_the_word_that_it_may_have_missed_something(self, feed: ChangeFeed) -> None:
        """So that what was published before is read from the store."""
        await feed.publish(RulesChanged("production", 1))
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        assert listener.heard == [Notice.MISSED]
        await listener.stop()

    async def test_hints_reach_every_listener(self, feed: ChangeFeed) -> None:
        """As they were published."""
        listeners = [Listener(feed) for _ in range(3)]
        for listener in listeners:
            await listener.until_heard(Notice.MISSED)
        hint = RulesChanged("produção/ünïcode", 2**53 + 1)
        await feed.publish(hint)
        await feed.publish(Notice.KEYS_CHANGED)
        for listener in listeners:
            await listener.until_heard(hint)
            await listener.until_heard(Notice.KEYS_CHANGED)
            await listener.stop()

    async def test_publishing_to_nobody_is_fine(self, feed: ChangeFeed) -> None:
        """It takes no listener."""
        await feed.publish(RulesChanged("production", 1))
