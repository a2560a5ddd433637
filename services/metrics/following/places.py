"""Where in the log the last hours began: so that what happened since a moment can be read again, and no more."""

from collections import deque
from typing import Final

_APART_SECONDS: Final = 5.0
_MOST: Final = 1_440
"""Two hours of them."""


class Places:
    """Cursors at the end of the log, each with when it was read (seconds since 1970, by the clock of this process)."""

    def __init__(self) -> None:
        self._places: deque[tuple[float, bytes]] = deque(maxlen=_MOST)

    def note(self, at: float, cursor: bytes) -> None:
        """Note that the end of the log was here at this time; of many at once one is kept."""
        while self._places and self._places[-1][0] > at:
            self._places.pop()  # the clock was set back
        if not self._places or at - self._places[-1][0] >= _APART_SECONDS:
            self._places.append((at, cursor))

    def before(self, at: float) -> bytes | None:
        """Return the newest cursor from before a time; None when none is known."""
        found = [cursor for noted, cursor in self._places if noted <= at]
        return found[-1] if found else None

    def clear(self) -> None:
        """Forget all: the log is another."""
        self._places.clear()
