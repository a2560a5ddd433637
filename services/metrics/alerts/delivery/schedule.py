"""When a message is attempted again. Pure."""

from typing import Final

FIRST_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 4 * 3600.0
ATTEMPTS: Final = 13
"""The last one comes about a day after the first."""

_GROWTH: Final = 4.0
_JITTER: Final = 0.2


def delay_after(attempts: int, chance: float, asked: float = 0.0) -> float | None:
    """
    Return how many seconds after an attempt that has failed the next one comes; None when there is none.

    Args:
        attempts: how many there were.
        chance: 0 to 1, at random, so that those that failed together don't come back together.
        asked: how many seconds the receiver wants to be left alone.
    """
    if attempts >= ATTEMPTS:
        return None
    delay = min(LONGEST_SECONDS, FIRST_SECONDS * _GROWTH ** (attempts - 1))
    return max(delay * (1 - _JITTER + 2 * _JITTER * chance), min(asked, LONGEST_SECONDS))
