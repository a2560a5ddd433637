"""What people who look at events are told when the log cannot be read."""

import asyncio
import uuid

import pytest

from services.runtime.errors import Unavailable
from services.runtime.hints.memory import MemoryHints
from services.telemetry.log import BEGINNING, LogSlice, Position
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.signal import LogSignal
from services.telemetry.log.tailing import TailHub, Wanted


class Broken:
    """A log that fails in a way that nobody foresaw."""

    async def epoch(self) -> uuid.UUID:
        """See `LogReader`."""
        return uuid.UUID(int=0)

    async def end(self) -> Position:
        """See `LogReader`."""
        return BEGINNING

    async def read(
        self,
        environment: str,  # noqa: ARG002 - it fails whatever is asked
        epoch: uuid.UUID,  # noqa: ARG002
        after: Position,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> LogSlice:
        """See `LogReader`."""
        raise OSError("an archive cannot be read")


async def test_a_fault_ends_those_who_look_and_nobody_after_them_waits_for_ever() -> None:
    """Each later one reads anew."""
    hub = TailHub(Broken(), LogSignal(MemoryHints()), ActorIds(b"secret"), poll_seconds=60)
    for _ in range(2):
        async with asyncio.timeout(60), hub.tail("production", Wanted()) as tail:
            with pytest.raises(Unavailable):
                await tail.next()
