"""How many logins of one address may fail: passwords are not to be tried out over many people."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.gateway.http.problems import TOO_MANY_ATTEMPTS, Problem

MOST_FAILURES: Final = 50
WINDOW_SECONDS: Final = 300.0
_MOST_ADDRESSES: Final = 10_000
_MOST_AT_ONCE: Final = 16
"""Passwords take long to check, on purpose: so many of one gateway may be checked at once."""


class Attempts:
    """
    Counts failed logins by address, in windows that begin with the first failure.

    The flag service counts those of each login; this counts over all of them, so that an address that many share is not
    shut out by a few typing errors.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._running = 0

    def begin(self, address: str) -> None:
        """
        Let an attempt begin; `end` has to follow.

        Raises:
            Problem: too many of this address have failed, or too many are under way.
        """
        since, count = self._of(address)
        if count >= MOST_FAILURES:
            wait = since + WINDOW_SECONDS - self._clock()
            raise Problem(429, TOO_MANY_ATTEMPTS, "too many logins from here have failed", retry_seconds=wait)
        if self._running >= _MOST_AT_ONCE:
            raise Problem(429, TOO_MANY_ATTEMPTS, "too many people log in at this moment", retry_seconds=1.0)
        self._running += 1

    def end(self, address: str, *, failed: bool) -> None:
        """Count an attempt that began."""
        self._running -= 1
        if not failed:
            return
        since, count = self._of(address)
        self._failures[address] = (since, count + 1)
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def _of(self, address: str) -> tuple[float, int]:
        now = self._clock()
        since, count = self._failures.get(address, (now, 0))
        return (now, 0) if now - since >= WINDOW_SECONDS else (since, count)
