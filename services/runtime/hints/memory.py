"""Hints in memory, for replicas of one process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from services.runtime.hints import MISSED, Missed

_MOST_WAITING: Final = 1_000


class MemoryHints:
    """The `HintFeed` of one process."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | Missed]] = set()

    async def publish(self, hint: str) -> None:
        """See `HintFeed`."""
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(MISSED)
            else:
                queue.put_nowait(hint)

    async def hints(self) -> AsyncIterator[str | Missed]:
        """See `HintFeed`."""
        queue: asyncio.Queue[str | Missed] = asyncio.Queue(_MOST_WAITING)
        self._listeners.add(queue)
        try:
            yield MISSED
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
