"""What waits to be committed: bounded, and nobody behind another's burst."""

import asyncio

import pytest

from services.runtime.errors import Overloaded
from services.telemetry.ingestion.candidates import Submission
from services.telemetry.ingestion.fair_queue import FairQueue
from services.telemetry.ingestion.rounds import Turn

ACME: Turn = ("production", "acme")
OUTRA: Turn = ("production", "outra")


class Numbered:
    """Submissions that can be told apart."""

    def __init__(self, most_bytes: int) -> None:
        self.queue = FairQueue(most_bytes)
        self._numbers: dict[int, str] = {}
        self._kept: list[Submission] = []

    def put(self, turn: Turn, name: str, size: int = 1) -> None:
        """Add one."""
        submission = Submission([], size)
        self._kept.append(submission)
        self._numbers[id(submission)] = name
        self.queue.put(turn, submission, 1.5)

    async def take(self, most_bytes: int) -> list[str]:
        """Take some."""
        return [self._numbers[id(taken)] for taken, _ in await self.queue.take(1_000, most_bytes)]


async def test_tenants_take_turns() -> None:
    """A tenant with one batch does not wait for another's ten."""
    waiting = Numbered(100)
    for number in range(10):
        waiting.put(ACME, f"a{number}")
    waiting.put(OUTRA, "b")
    assert await waiting.take(3) == ["a0", "b", "a1"]
    assert await waiting.take(100) == [f"a{number}" for number in range(2, 10)]
    assert waiting.queue.bytes == 0


async def test_one_tenant_cannot_fill_the_queue() -> None:
    """Half is for the others; what is refused says when to come back."""
    waiting = Numbered(100)
    for number in range(50):
        waiting.put(ACME, str(number))
    with pytest.raises(Overloaded) as refused:
        waiting.put(ACME, "zu viel")
    assert refused.value.retry_seconds == 1.5
    waiting.put(OUTRA, "b", 50)
    with pytest.raises(Overloaded):
        waiting.put(("production", "terceira"), "c")
    await waiting.take(60)
    waiting.put(("production", "terceira"), "c")


async def test_what_is_larger_than_a_group_goes_alone() -> None:
    """Nothing waits for ever."""
    waiting = Numbered(100)
    waiting.put(ACME, "grande", 40)
    waiting.put(ACME, "pequena")
    assert await waiting.take(10) == ["grande"]
    assert await waiting.take(10) == ["pequena"]


async def test_taking_waits_for_something() -> None:
    """A lane sleeps until there is work."""
    waiting = Numbered(100)
    taking = asyncio.create_task(waiting.take(10))
    await asyncio.sleep(0)
    assert not taking.done()
    waiting.put(ACME, "a")
    assert await taking == ["a"]


async def test_what_is_larger_than_the_queue_may_wait_alone() -> None:
    """It could never be taken otherwise; the next one has to come back."""
    waiting = Numbered(100)
    waiting.put(ACME, "enorme", 500)
    with pytest.raises(Overloaded):
        waiting.put(OUTRA, "b")
    assert await waiting.take(10) == ["enorme"]
    waiting.put(OUTRA, "b")
