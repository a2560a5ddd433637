"""The line for processes: callers take turns, none fills it alone, and nothing is lost when somebody goes."""

import asyncio

import pytest

from services.metrics.analytics.answering.line import FairLine
from services.runtime.errors import Overloaded


async def _started(line: FairLine[str], *callers: str) -> list["asyncio.Task[str]"]:
    tasks = []
    for caller in callers:
        tasks.append(asyncio.create_task(line.take(caller)))
        await asyncio.sleep(0)
    return tasks


async def test_callers_take_turns() -> None:
    """Whoever asked for much first does not keep others waiting until all of it is done."""
    line: FairLine[str] = FairLine(10, 10)
    tasks = await _started(line, "ana", "ana", "ana", "bia", "caio")
    served = []
    for number in range(5):
        line.offer(f"p{number}")
        await asyncio.sleep(0)
        served += [at for at, task in enumerate(tasks) if task.done() and at not in served]
    assert served == [0, 3, 4, 1, 2]


async def test_what_nobody_waits_for_is_kept() -> None:
    """The thing that was used last is given first; one that is withdrawn is given to nobody."""
    line: FairLine[str] = FairLine(10, 10)
    line.offer("p1")
    line.offer("p2")
    assert line.withdraw("p1")
    assert not line.withdraw("p1")
    assert await line.take("ana") == "p2"


async def test_too_many_are_refused() -> None:
    """One caller beyond their own number, and anybody beyond that of all; others are not affected."""
    line: FairLine[str] = FairLine(3, 2)
    tasks = await _started(line, "ana", "ana")
    with pytest.raises(Overloaded, match="of this caller"):
        await line.take("ana")
    tasks += await _started(line, "bia")
    with pytest.raises(Overloaded, match="as many wait"):
        await line.take("caio")
    assert line.waiting == 3
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert line.waiting == 0


async def test_who_goes_leaves_their_place_to_the_next() -> None:
    """Also when their turn had come in the same moment."""
    line: FairLine[str] = FairLine(10, 10)
    first, second = await _started(line, "ana", "bia")
    line.offer("p1")
    first.cancel()
    assert await second == "p1"
    assert first.cancelled() or await first == "p1"
