"""Names that wait to be looked at: each once, never twice at a time, again later after a failure."""

import asyncio
import heapq
import random
from collections.abc import Callable
from typing import Final

from services.controller.cluster.following import Name

_FIRST: Final = 0.5
_LONGEST: Final = 60.0


class WorkQueue:
    """
    A queue of names.

    Args:
        clock: seconds of a clock that only goes forward.
        chance: returns a number between 0 and 1, to spread what would come back at once.
    """

    def __init__(self, clock: Callable[[], float], chance: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._chance = chance
        self._due: dict[Name, float] = {}
        self._order: list[tuple[float, Name]] = []
        self._busy: set[Name] = set()
        self._again: set[Name] = set()
        self._failures: dict[Name, int] = {}
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many are due now and not looked at."""
        now = self._clock()
        return sum(due <= now for due in self._due.values())

    def add(self, name: Name, seconds: float = 0.0) -> None:
        """Have a name looked at, at once or later; the earliest wish counts."""
        if name in self._busy and seconds <= 0:
            self._again.add(name)
            return
        due = self._clock() + seconds
        if due < self._due.get(name, float("inf")):
            self._due[name] = due
            heapq.heappush(self._order, (due, name))
            self._woken.set()

    def failed(self, name: Name) -> float:
        """Have a name looked at again, later the more often it failed; return after how many seconds."""
        count = self._failures[name] = self._failures.get(name, 0) + 1
        seconds = min(_FIRST * 2.0 ** min(count - 1, 10), _LONGEST) * (0.5 + self._chance() / 2)
        self.add(name, seconds)
        return seconds

    def succeeded(self, name: Name) -> None:
        """Forget earlier failures."""
        self._failures.pop(name, None)

    async def take(self) -> Name:
        """Return the next name that is due; call `done` when it was looked at."""
        while True:
            while self._order and self._due.get(self._order[0][1]) != self._order[0][0]:
                heapq.heappop(self._order)  # an earlier wish has overtaken it
            wait = self._order[0][0] - self._clock() if self._order else None
            if wait is not None and wait <= 0:
                _, name = heapq.heappop(self._order)
                del self._due[name]
                if name in self._busy:
                    self._again.add(name)
                    continue
                self._busy.add(name)
                return name
            self._woken.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def done(self, name: Name) -> None:
        """Say that a name was looked at."""
        self._busy.discard(name)
        if name in self._again:
            self._again.discard(name)
            self.add(name)
