"""Where events come in: a bounded queue that its callers never wait for."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from mirante.telemetry.ledger import Ledger
from mirante.telemetry.status import INVALID, QUEUE_FULL

Raw: TypeAlias = "tuple[Any, ...]"
"""A call as it was made: its kind, the time in nanoseconds since 1970, and the arguments."""

_NEVER = float("inf")


class Intake:
    """
    Takes calls from any thread, for one other thread to collect.

    That thread says how much room there is, and is woken when as many wait as it asked for: by the first one, or by a
    batch.
    """

    def __init__(self, ledger: Ledger, room: int, wake: Callable[[], None]) -> None:
        self._ledger = ledger
        self._lock = ledger.lock
        self._queue: deque[Raw] = deque()
        self._wake = wake
        self._wake_at: float = 1
        self.room = room
        self.refusal = QUEUE_FULL
        self._closed = False
        self._generation = 0

    def put(self, raw: Raw) -> bool:
        """Take a call; return False, and count it, when there is no room."""
        with self._lock:
            size = len(self._queue)
            if size >= self.room:
                self._ledger.refused[self.refusal] += 1
                return False
            self._queue.append(raw)
            self._ledger.accepted += 1
        if size + 1 >= self._wake_at:
            self._wake_at = _NEVER
            self._wake()
        return True

    def refuse_invalid(self) -> bool:
        """Count a call that could not even be taken; return False."""
        with self._lock:
            self._ledger.refused[INVALID] += 1
        return False

    def open(self, room: int, refusal: str) -> None:
        """Say how many more may wait here, and why no more may; nothing after `close`."""
        with self._lock:
            if not self._closed:
                self.room, self.refusal = room, refusal

    def close(self, cause: str) -> None:
        """Take nothing more."""
        with self._lock:
            self.room, self.refusal, self._closed = 0, cause, True

    def begin_anew(self, room: int) -> None:
        """Forget what is here, in a forked child."""
        self._lock = self._ledger.lock
        self._queue = deque()
        self._wake_at = 1
        if not self._closed:
            self.room, self.refusal = room, QUEUE_FULL

    def mark(self) -> int:
        """Put a mark behind everything that is here, and return its number: see `Dispatch.cleared`."""
        with self._lock:
            self._generation += 1
            self._queue.append((None, self._generation))
            return self._generation

    def take(self, wake_at: float) -> deque[Raw]:
        """Return everything, and wake the collector when `wake_at` calls wait again."""
        with self._lock:
            taken, self._queue = self._queue, deque()
            self._wake_at = wake_at
            return taken

    def wake_when(self, waiting: int) -> bool:
        """Wake the collector when that many wait; return whether they do already."""
        with self._lock:
            if len(self._queue) >= waiting:
                return True
            self._wake_at = waiting
            return False
