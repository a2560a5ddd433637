"""Where batches wait to be taken apart, each in its tenant's turn."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.telemetry.ingestion.rounds import Rounds, Turn

_LEAST_RETRY, _LONGEST_RETRY = 0.1, 10.0
_WEIGHT: Final = 0.1
"""Of the newest measurement."""


class AdmissionLine:
    """
    One batch at a time is taken apart; others wait, `most_bytes` of them at most, and go in rounds. See `Rounds`.

    Taking a batch apart keeps the process busy for milliseconds. If each did so as it comes in, then everybody would
    wait behind a burst, in a line that nothing bounds.
    """

    def __init__(self, most_bytes: int) -> None:
        self._rounds: Rounds[asyncio.Future[None]] = Rounds(most_bytes)
        self._busy = False
        self._bytes_per_second = 1.0e7

    @property
    def retry_seconds(self) -> float:
        """How long what waits takes."""
        return min(_LONGEST_RETRY, max(_LEAST_RETRY, self._rounds.bytes / self._bytes_per_second))

    def has_room(self, turn: Turn, size: int) -> bool:
        """Return whether a batch of so many bytes may wait."""
        return not self._busy or self._rounds.has_room(turn, size)

    async def wait(self, turn: Turn, size: int) -> None:
        """Return when it is a batch's turn; then `taking_apart` has to follow."""
        if not self._busy:
            self._busy = True
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rounds.add(turn, called, size)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()
            raise

    @contextmanager
    def taking_apart(self, size: int) -> Iterator[None]:
        """Take a batch of so many bytes apart in the block; after it comes the next one."""
        began = time.monotonic()
        try:
            yield
            took = max(time.monotonic() - began, 1e-5)
            self._bytes_per_second += _WEIGHT * (size / took - self._bytes_per_second)
        finally:
            self._leave()

    def _leave(self) -> None:
        # Not at once: what has come in meanwhile gets into the line first, and nobody recurses.
        asyncio.get_running_loop().call_soon(self._call_next)

    def _call_next(self) -> None:
        while self._rounds:
            called = self._rounds.take()
            if not called.done():
                called.set_result(None)
                return
        self._busy = False
