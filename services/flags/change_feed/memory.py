"""The feed in memory, for replicas of one process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from services.flags.change_feed import Hint, Notice

_MOST_WAITING: Final = 1_000


class MemoryFeed:
    """The `ChangeFeed` of one process."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Hint]] = set()

    async def publish(self, hint: Hint) -> None:
        """See `ChangeFeed`."""
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Notice.MISSED)
            else:
                queue.put_nowait(hint)

    async def hints(self) -> AsyncIterator[Hint]:
        """See `ChangeFeed`."""
        queue: asyncio.Queue[Hint] = asyncio.Queue(_MOST_WAITING)
        self._listeners.add(queue)
        try:
            yield Notice.MISSED
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
