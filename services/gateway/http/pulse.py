"""Wakes everybody who waits for something new."""

import asyncio


class Pulse:
    """A number that grows, and that many can wait for. Of one event loop."""

    def __init__(self) -> None:
        self.number = 0
        self._grown = asyncio.Event()

    def beat(self) -> None:
        """Let it grow."""
        self.number += 1
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def beyond(self, number: int) -> int:
        """Return the number once it is not `number` any more."""
        while self.number == number:
            await self._grown.wait()
        return self.number
