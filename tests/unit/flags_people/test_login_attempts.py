"""How guessing is slowed down."""

import pytest

from services.flags.people.login_attempts import FREE_ATTEMPTS, MOST_LOGINS, LoginAttempts
from services.runtime.errors import Overloaded


def wait(attempts: LoginAttempts, login: str, now: float) -> float:
    """Make an attempt; return the seconds to wait, 0 when it was let through."""
    try:
        attempts.begin(login, now)
    except Overloaded as refused:
        return refused.retry_seconds
    return 0.0


def failed(attempts: LoginAttempts, login: str, now: float, times: int = FREE_ATTEMPTS) -> None:
    """Make attempts that fail."""
    for _ in range(times):
        assert wait(attempts, login, now) == 0


def test_waits_double_up_to_five_minutes() -> None:
    """From the fifth failure on; asking during the wait does not make it longer."""
    attempts, now = LoginAttempts(), 1_000.0
    failed(attempts, "ana", now)
    waits = []
    for _ in range(11):
        waits.append(wait(attempts, "ana", now))
        assert wait(attempts, "ana", now + waits[-1] / 2) == waits[-1] / 2
        now += waits[-1]
        assert wait(attempts, "ana", now) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_logins_are_counted_apart() -> None:
    """Nobody waits for another's failures."""
    attempts = LoginAttempts()
    failed(attempts, "ana", 0)
    assert wait(attempts, "bia", 0) == 0


def test_success_forgets() -> None:
    """The next failures are free again."""
    attempts = LoginAttempts()
    failed(attempts, "ana", 0, FREE_ATTEMPTS - 1)
    attempts.succeeded("ana")
    failed(attempts, "ana", 0)
    assert wait(attempts, "ana", 0) == 1


@pytest.mark.parametrize("later", [3_601.0, -1.0])
def test_an_hour_forgets(later: float) -> None:
    """So does a clock that is set back: nobody waits for it to come round."""
    attempts = LoginAttempts()
    failed(attempts, "ana", 0)
    failed(attempts, "ana", later)


def test_memory_is_bounded() -> None:
    """The login that was tried least recently is forgotten."""
    attempts = LoginAttempts()
    failed(attempts, "old", 0)
    failed(attempts, "recent", 1)
    for number in range(MOST_LOGINS - 1):
        attempts.begin(str(number), 1)
    assert wait(attempts, "recent", 1) == 1
    assert wait(attempts, "old", 1) == 0
