"""Work that many ask for at once."""

import asyncio

import pytest

from services.runtime.coalesced import Coalesced


class Work:
    """Counts its runs, and holds each until the test lets it go on."""

    def __init__(self) -> None:
        self.runs = 0
        self.most_at_once = 0
        self._now = 0
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        """Run once."""
        self.runs += 1
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await self.go_on.wait()
        self._now -= 1
        if self.error is not None:
            raise self.error


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_those_who_ask_meanwhile_share_the_next_run() -> None:
    """One run for the first, one for all that came while it ran, never two at once."""
    work = Work()
    coalesced = Coalesced(work)
    first = asyncio.create_task(coalesced())
    await settle()
    others = [asyncio.create_task(coalesced()) for _ in range(100)]
    await settle()
    assert work.runs == 1
    work.go_on.set()
    await asyncio.gather(first, *others)
    assert (work.runs, work.most_at_once) == (2, 1)


async def test_every_call_is_followed_by_a_run() -> None:
    """One after the other, each gets a run of its own."""
    work = Work()
    work.go_on.set()
    coalesced = Coalesced(work)
    await coalesced()
    await coalesced()
    assert work.runs == 2


async def test_an_error_reaches_all_who_share_the_run_and_ends_with_it() -> None:
    """The next run starts afresh."""
    work = Work()
    work.error = ConnectionError("away")
    work.go_on.set()
    coalesced = Coalesced(work)
    outcomes = tuple(await asyncio.gather(coalesced(), coalesced(), return_exceptions=True))
    assert outcomes == (work.error, work.error)
    work.error = None
    await coalesced()


async def test_a_caller_that_is_cancelled_does_not_cancel_the_work() -> None:
    """The others still get their run."""
    work = Work()
    coalesced = Coalesced(work)
    impatient, patient = asyncio.create_task(coalesced()), asyncio.create_task(coalesced())
    await settle()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    work.go_on.set()
    await patient
    assert work.runs == 1
