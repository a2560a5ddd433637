"""Work that many ask for at once and that need be done only once."""

import asyncio
from collections.abc import Awaitable, Callable


class Coalesced:
    """
    Runs `work` so that it begins after every call, and never twice at a time.

    Calls that come while it runs share the next run. An error of the work reaches all who share the run. A caller that
    is cancelled does not cancel the work.
    """

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Return when a run that began after this call has ended."""
        if self._next is None:
            self._next = asyncio.create_task(self._run_after(self._running))
        await asyncio.shield(self._next)

    async def _run_after(self, running: "asyncio.Task[None] | None") -> None:
        if running is not None:
            await asyncio.wait({running})
        self._running, self._next = self._next, None
        try:
            await self._work()
        finally:
            if self._running is asyncio.current_task():
                self._running = None
