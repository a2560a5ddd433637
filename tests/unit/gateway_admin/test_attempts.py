"""How many logins may fail."""

import asyncio

import pytest

from services.gateway.admin.attempts import MOST_FAILURES, WINDOW_SECONDS, Attempts
from services.gateway.http.problems import Problem


class Clock:
    """A clock in the hands of a test."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def ends(problem: Problem | None) -> str:
    """Be an attempt."""
    if problem is not None:
        raise problem
    return "in"


async def attempt(attempts: Attempts, address: str = "10.0.0.1", status: int = 401) -> Problem:
    """Make an attempt that fails; return how."""
    with pytest.raises(Problem) as caught:
        await attempts.made(address, ends(Problem(status, "X", "no")))
    return caught.value


async def test_an_address_that_fails_too_often_has_to_wait() -> None:
    """Others do not, logins that succeed are not counted, and after the window it may try again."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(MOST_FAILURES - 1):
        await attempt(attempts)
    for status in (429, 503):  # not the fault of who logs in
        for _ in range(MOST_FAILURES):
            assert (await attempt(attempts, status=status)).status == status
    assert await attempts.made("10.0.0.1", ends(None)) == "in"
    await attempt(attempts, status=400)
    clock.now += 10
    refused = await attempt(attempts)
    assert (refused.reason, refused.retry_seconds) == ("TOO_MANY_ATTEMPTS", WINDOW_SECONDS - 10)
    assert await attempts.made("10.0.0.2", ends(None)) == "in"
    clock.now += WINDOW_SECONDS - 10
    assert await attempts.made("10.0.0.1", ends(None)) == "in"


async def test_only_so_many_are_under_way_at_once() -> None:
    """Checking a password is expensive on purpose; what has ended makes room."""
    attempts, go = Attempts(), asyncio.Event()
    waiting = [asyncio.create_task(attempts.made(f"10.0.0.{n}", go.wait())) for n in range(200)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert all("at this moment" in str(each.exception()) for each in done)
    go.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert ended.count(True) > 0
    assert await attempts.made("10.0.0.1", ends(None)) == "in"
