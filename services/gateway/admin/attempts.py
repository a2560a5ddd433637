"""How many logins of one address may fail: passwords are not to be tried out over many people."""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from starlette.requests import Request

from services.gateway.http.problems import TOO_MANY_ATTEMPTS, Problem

MOST_FAILURES: Final = 50
WINDOW_SECONDS: Final = 300.0
_MOST_ADDRESSES: Final = 10_000
_MOST_AT_ONCE: Final = 16
"""Passwords take long to check, on purpose: so many of one gateway may be checked at once."""

_Answer = TypeVar("_Answer")


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

    async def made(self, address: str, attempt: Coroutine[Any, Any, _Answer]) -> _Answer:
        """
        Make an attempt, and return what comes of it.

        Args:
            address: of who makes it.
            attempt: raises `Problem` with a status below 500, and not 429, when it fails.

        Raises:
            Problem: that of the attempt; or too many of this address have failed, or too many are under way.
        """
        try:
            self._check(address)
        except Problem:
            attempt.close()
            raise
        self._running += 1
        try:
            return await attempt
        except Problem as problem:
            if problem.status < 500 and problem.status != 429:
                self._count(address)
            raise
        finally:
            self._running -= 1

    def _check(self, address: str) -> None:
        since, count = self._of(address)
        if count >= MOST_FAILURES:
            wait = since + WINDOW_SECONDS - self._clock()
            raise Problem(429, TOO_MANY_ATTEMPTS, "too many logins from here have failed", retry_seconds=wait)
        if self._running >= _MOST_AT_ONCE:
            raise Problem(429, TOO_MANY_ATTEMPTS, "too many people log in at this moment", retry_seconds=1.0)

    def _count(self, address: str) -> None:
        since, count = self._of(address)
        self._failures[address] = (since, count + 1)
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def _of(self, address: str) -> tuple[float, int]:
        now = self._clock()
        since, count = self._failures.get(address, (now, 0))
        return (now, 0) if now - since >= WINDOW_SECONDS else (since, count)


def client_address(request: Request) -> str:
    """Return where a request comes from, as far as it is known."""
    return request.client.host if request.client is not None else ""
