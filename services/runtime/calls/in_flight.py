"""How much work a process holds at once."""

from typing import Final

from services.runtime.errors import Overloaded

_RETRY_SECONDS: Final = 0.5


class InFlight:
    """Bounds how many unary calls are worked on at once; almost all of them wait for the database."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = 0
        self.refused = 0

    def enter(self) -> None:
        """
        Begin a call; `leave` has to follow.

        Raises:
            Overloaded: there are as many as there may be; `leave` must not follow.
        """
        if self.now >= self._most:
            self.refused += 1
            raise Overloaded("the service holds as many calls as it may", retry_seconds=_RETRY_SECONDS)
        self.now += 1

    def leave(self) -> None:
        """End a call."""
        self.now -= 1
