"""Work that several ask for at the same time and that is done once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(slots=True)
class _Flight(Generic[Result]):
    task: "asyncio.Task[Result]"
    waiting: int = 0


class SharedFlights(Generic[Result]):
    """Those who ask for the same while it is under way share it. It is cancelled when the last of them goes."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[Result]] = {}

    async def get(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return what the work returns; its errors reach all who share it."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(_running(work)))
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # Nobody may join what is being cancelled.
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: Hashable, flight: "_Flight[Result] | None") -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


async def _running(work: Callable[[], Awaitable[Result]]) -> Result:
    return await work()
