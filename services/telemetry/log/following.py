"""One reader that follows the log: what is due to it next."""

import time
import uuid
from collections.abc import AsyncIterator
from typing import Final

from services.telemetry.log import LogReader, LogSlice, Position
from services.telemetry.log.signal import LogSignal

_FIRST_RETRY_SECONDS: Final = 0.01
"""How soon the log is read again when a transaction was under way that may have held back what was committed."""


class Following:
    """
    Follows one environment from a position on.

    Args:
        reader: of the log.
        signal: wakes up.
        environment: to follow.
        epoch: of the position.
        position: where to begin; afterwards the place that was reached.
        poll_seconds: how often the log is read for what no signal told of.
    """

    def __init__(
        self,
        reader: LogReader,
        signal: LogSignal,
        environment: str,
        *,
        epoch: uuid.UUID,
        position: Position,
        poll_seconds: float,
    ) -> None:
        self._reader = reader
        self._signal = signal
        self._environment = environment
        self.epoch = epoch
        self.position = position
        self._poll_seconds = poll_seconds
        self._behind: float | None = None
        self._read_at = time.monotonic()

    @property
    def lag_seconds(self) -> float:
        """How old what was read last was when it was read, plus the time since; 0 at the end of the log."""
        return 0.0 if self._behind is None else self._behind + time.monotonic() - self._read_at

    async def slices(self, limit: int, quiet_seconds: float) -> AsyncIterator[LogSlice]:
        """
        Yield what there is, for ever: the first slice, those with entries, the first at an end, and one at least every
        `quiet_seconds`.

        Raises:
            StateConflict: the log is in another epoch.
            Unavailable: the database does not answer.
        """
        clock = time.monotonic
        told_at, told_end = float("-inf"), False
        retry = _FIRST_RETRY_SECONDS
        while True:
            seen = self._signal.seen(self._environment)
            found = await self._reader.read(self._environment, self.epoch, self.position, limit)
            self.position = found.position
            self._note(found)
            if found.rows or (found.at_end and not told_end) or clock() - told_at >= quiet_seconds:
                yield found
                told_at, told_end = clock(), found.at_end
            if not found.at_end:
                continue
            # A transaction under way may hold back what is committed; its end wakes nobody who does not wait for it.
            longest = min(self._poll_seconds, retry if found.held_back else self._poll_seconds)
            remaining = max(0.0, told_at + quiet_seconds - clock())
            woken = await self._signal.wait(self._environment, seen, min(longest, remaining))
            retry = _FIRST_RETRY_SECONDS if woken or found.rows else min(retry * 2, self._poll_seconds)

    def _note(self, found: LogSlice) -> None:
        self._read_at = time.monotonic()
        if found.at_end:
            self._behind = None
        elif found.rows:
            self._behind = max(0.0, (found.read_at - found.rows[-1].received_at).total_seconds())
        elif self._behind is None:
            self._behind = 0.0
