"""A line of those who wait for something that there are few of: callers take turns, and none fills it alone."""

import asyncio
from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar

from services.runtime.errors import Overloaded

Thing = TypeVar("Thing")

_RETRY_SECONDS: Final = 1.0


class FairLine(Generic[Thing]):
    """
    Hands things out to callers, by turns.

    Args:
        most_waiting: how many may wait.
        most_of_one: how many of one caller may.
    """

    def __init__(self, most_waiting: int, most_of_one: int) -> None:
        self._most_waiting = most_waiting
        self._most_of_one = most_of_one
        self._free: list[Thing] = []
        self._lines: OrderedDict[str, deque[asyncio.Future[Thing]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(line) for line in self._lines.values())

    def offer(self, thing: Thing) -> None:
        """Give a thing to whose turn it is; keep it while nobody waits."""
        while self._lines:
            caller, line = self._lines.popitem(last=False)
            future = line.popleft()
            if line:
                # Behind everybody else.
                self._lines[caller] = line
            if not future.done():
                future.set_result(thing)
                return
        self._free.append(thing)

    def withdraw(self, thing: Thing) -> bool:
        """Take a thing away that nobody has; return whether nobody had it."""
        if thing not in self._free:
            return False
        self._free.remove(thing)
        return True

    async def take(self, caller: str) -> Thing:
        """
        Return a thing when it is the caller's turn; it has to be offered again, or another one instead of it.

        Raises:
            Overloaded: too many wait already.
        """
        if self._free:
            # What was used last has most in its caches.
            return self._free.pop()
        future = self._enter(caller)
        try:
            return await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self.offer(future.result())
            self._leave(caller, future)
            raise

    def _enter(self, caller: str) -> "asyncio.Future[Thing]":
        line = self._lines.get(caller, ())
        if len(line) >= self._most_of_one:
            raise Overloaded(
                f"{self._most_of_one} of this caller wait already: ask again when some are done",
                retry_seconds=_RETRY_SECONDS,
            )
        if self.waiting >= self._most_waiting:
            raise Overloaded("as many wait as may: ask again in a moment", retry_seconds=_RETRY_SECONDS)
        future: asyncio.Future[Thing] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(caller, deque()).append(future)
        return future

    def _leave(self, caller: str, future: "asyncio.Future[Thing]") -> None:
        line = self._lines.get(caller)
        if line is not None and future in line:
            line.remove(future)
            if not line:
                del self._lines[caller]
