"""Batches are taken apart one at a time, and nobody waits behind another's burst."""

import asyncio

import pytest

from services.telemetry.ingestion.admission_line import AdmissionLine
from services.telemetry.ingestion.rounds import Turn

ACME: Turn = ("production", "acme")
OUTRA: Turn = ("production", "outra")


class Working:
    """Batches that are taken apart in several steps, and in which order they were."""

    def __init__(self, most_bytes: int = 1_000) -> None:
        self.line = AdmissionLine(most_bytes)
        self.done: list[str] = []
        self.at_once = self.most_at_once = 0

    async def work(self, turn: Turn, name: str) -> None:
        """Wait for a turn, and take it."""
        await self.line.wait(turn, 10)
        with self.line.taking_apart(10):
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.at_once -= 1
            self.done.append(name)


async def test_one_at_a_time_and_in_rounds() -> None:
    """Whoever brings one batch goes before most of another's ten."""
    working = Working()
    burst = [working.work(ACME, f"a{number}") for number in range(10)]
    await asyncio.gather(*burst, working.work(OUTRA, "b"))
    assert working.done.index("b") <= 2
    assert [name for name in working.done if name != "b"] == [f"a{number}" for number in range(10)]
    assert working.most_at_once == 1


async def test_the_line_is_bounded() -> None:
    """Whoever is alone need not fit into it; behind a burst there is room for the others."""
    working = Working(100)
    assert working.line.has_room(ACME, 1_000_000)
    waiting = [asyncio.ensure_future(working.work(ACME, f"a{number}")) for number in range(6)]
    await asyncio.sleep(0)
    assert not working.line.has_room(ACME, 10)
    assert working.line.has_room(OUTRA, 50)
    await asyncio.gather(*waiting)
    assert working.line.has_room(ACME, 50)


async def test_whoever_goes_away_keeps_nobody() -> None:
    """Whether before its turn or in the moment in which it comes."""
    working = Working()
    first, gone, last = [asyncio.ensure_future(working.work(ACME, name)) for name in ("first", "gone", "last")]
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(first, last)
    assert working.done == ["first", "last"]
    await working.line.wait(ACME, 1)
    called, after = asyncio.ensure_future(working.work(ACME, "called")), asyncio.ensure_future(working.work(OUTRA, "z"))
    await asyncio.sleep(0)
    with working.line.taking_apart(1):
        pass
    await asyncio.sleep(0)
    called.cancel()
    await after
    assert called.cancelled()
    assert working.done == ["first", "last", "z"]


async def test_a_failure_ends_its_turn() -> None:
    """The next one follows."""
    working = Working()
    await working.line.wait(ACME, 1)
    with pytest.raises(RuntimeError), working.line.taking_apart(1):
        raise RuntimeError
    await working.work(ACME, "next")
    assert working.done == ["next"]
