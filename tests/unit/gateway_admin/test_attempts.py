"""How many logins may fail."""

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


def attempt(attempts: Attempts, address: str = "10.0.0.1", *, failed: bool = True) -> None:
    """Make one attempt."""
    attempts.begin(address)
    attempts.end(address, failed=failed)


def test_an_address_that_fails_too_often_has_to_wait() -> None:
    """Others do not, logins that succeed are not counted, and after the window it may try again."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(MOST_FAILURES - 1):
        attempt(attempts)
    for _ in range(100):
        attempt(attempts, failed=False)
    attempt(attempts)
    clock.now += 10
    with pytest.raises(Problem) as caught:
        attempts.begin("10.0.0.1")
    assert (caught.value.status, caught.value.retry_seconds) == (429, WINDOW_SECONDS - 10)
    attempt(attempts, "10.0.0.2")
    clock.now += WINDOW_SECONDS - 10
    attempt(attempts)


def test_only_so_many_are_under_way_at_once() -> None:
    """Checking a password is expensive on purpose."""
    attempts = Attempts()

    def begin_many() -> None:
        for number in range(1_000):
            attempts.begin(f"10.0.0.{number}")

    with pytest.raises(Problem, match="at this moment"):
        begin_many()
    attempts.end("10.0.0.0", failed=False)
    attempts.begin("10.0.0.1")
