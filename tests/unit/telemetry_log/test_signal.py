"""Readers are woken, and never too late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.runtime.hints import HintFeed
from services.runtime.hints.memory import MemoryHints
from services.telemetry.log.signal import LogSignal

LONG, MOMENT = 60.0, 0.001


@asynccontextmanager
async def running(feed: HintFeed) -> AsyncIterator[LogSignal]:
    """Yield a signal of one replica, listening."""
    signal = LogSignal(feed)
    tasks = [asyncio.create_task(signal.publish()), asyncio.create_task(signal.listen())]
    try:
        yield signal
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_notice_ends_every_wait() -> None:
    """Of that environment, in this process without any hint."""
    signal = LogSignal(MemoryHints())
    waits = [asyncio.create_task(signal.wait("production", signal.seen("production"), LONG)) for _ in range(3)]
    other = asyncio.create_task(signal.wait("staging", signal.seen("staging"), MOMENT))
    await asyncio.sleep(0)
    signal.notify("production")
    assert await asyncio.gather(*waits) == [True] * 3
    assert not await other


async def test_what_happens_while_a_reader_reads_is_not_lost() -> None:
    """The wait that follows ends at once."""
    signal = LogSignal(MemoryHints())
    seen = signal.seen("production")
    signal.notify("production")
    assert await signal.wait("production", seen, LONG)
    assert not await signal.wait("production", signal.seen("production"), MOMENT)


async def test_other_replicas_are_woken() -> None:
    """By a hint."""
    feed = MemoryHints()
    async with running(feed) as here, running(feed) as there:
        seen = there.seen("production")
        while not await there.wait("production", seen, MOMENT):
            here.notify("production")


async def test_missed_hints_wake_everybody() -> None:
    """A connection that was lost may have lost anything."""
    signal = LogSignal(MemoryHints())
    seen = {environment: signal.seen(environment) for environment in ("production", "staging")}
    listening = asyncio.create_task(signal.listen())
    for environment, count in seen.items():
        assert await signal.wait(environment, count, LONG)
    listening.cancel()


async def test_many_notices_are_few_hints() -> None:
    """However much is committed, the others are told of an environment once in a while."""
    told: list[str] = []

    class Feed(MemoryHints):
        async def publish(self, hint: str) -> None:
            told.append(hint)

    async with running(Feed()) as signal:
        for _ in range(1_000):
            signal.notify("production")
        while not told:
            await asyncio.sleep(0)
        for _ in range(1_000):
            signal.notify("production")
        while len(told) < 2:
            await asyncio.sleep(MOMENT)
    assert told == ["production"] * 2
