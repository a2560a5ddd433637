"""Resources are looked at once for many changes, never twice at a time, and later after each failure."""

import asyncio

from services.controller.work_queue import WorkQueue

A, B = ("vendas", "a"), ("vendas", "b")


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


async def is_idle(queue: WorkQueue) -> bool:
    """Whether nothing is due."""
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    idle = not taking.done()
    taking.cancel()
    return idle


async def test_many_wishes_are_one_look() -> None:
    """The earliest counts."""
    queue = WorkQueue(Clock())
    queue.add(A, 50.0)
    queue.add(A)
    queue.add(A, 10.0)
    queue.add(B)
    assert {await queue.take(), await queue.take()} == {A, B}
    queue.done(A)
    queue.done(B)
    assert await is_idle(queue)


async def test_what_changes_during_a_look_is_looked_at_again_afterwards() -> None:
    """And not at the same time."""
    queue = WorkQueue(Clock())
    queue.add(A)
    assert await queue.take() == A
    queue.add(A)
    assert await is_idle(queue)
    queue.done(A)
    assert await queue.take() == A


async def test_failures_come_back_later_each_time_and_not_for_ever_later() -> None:
    """Until one succeeds."""
    clock = Clock()
    queue = WorkQueue(clock, chance=lambda: 1.0)
    waits = [queue.failed(A) for _ in range(20)]
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == 60.0
    queue.succeeded(A)
    assert queue.failed(A) == 0.5
    assert await is_idle(queue)
    clock.now = 0.5
    assert await queue.take() == A
