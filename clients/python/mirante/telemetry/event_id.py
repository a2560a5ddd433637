"""UUIDv7 (RFC 9562), by which an event counts once however often it is sent."""

import os
import threading
import time
import uuid
from typing import Final

RANDOM_BITS: Final = 74
_RANDOM_BYTES: Final = 10
_LONGEST_STEP_BACK_MS: Final = 10_000
"""A clock that was set back by less is waited for; by more, ids begin again at the clock."""


def new_event_id(now_ms: int, randomness: bytes) -> bytes:
    """
    Return the 16 bytes of a UUIDv7. Pure.

    Args:
        now_ms: milliseconds since 1970, 48 bits.
        randomness: 10 bytes; six of their 80 bits are not used.
    """
    return _assembled(now_ms, int.from_bytes(randomness[:_RANDOM_BYTES], "big") & (1 << RANDOM_BITS) - 1)


class EventIds:
    """Ids in rising order: within one millisecond the random part grows by a random step (RFC 9562, 6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = -1
        self._last_random = 0

    def next(self, now_ms: int) -> bytes:
        """Return an id that is higher than the one before, unless the clock was set back by more than 10 s."""
        with self._lock:
            behind = self._last_ms - now_ms
            if behind < 0 or behind > _LONGEST_STEP_BACK_MS:
                self._begin(now_ms)
            else:
                self._last_random += 1 + int.from_bytes(os.urandom(4), "big")
                if self._last_random >> RANDOM_BITS:
                    self._begin(self._last_ms + 1)
            return _assembled(self._last_ms, self._last_random)

    def _begin(self, now_ms: int) -> None:
        self._last_ms = now_ms
        # The highest bit stays free, so that a millisecond has room for growing.
        self._last_random = int.from_bytes(os.urandom(_RANDOM_BYTES), "big") & (1 << RANDOM_BITS - 1) - 1


def uuid7(now_ms: int | None = None) -> uuid.UUID:
    """Return a new UUIDv7, higher than the last one of this process; `now_ms` is milliseconds since 1970."""
    return uuid.UUID(bytes=_ids.next(time.time_ns() // 1_000_000 if now_ms is None else now_ms))


def _assembled(now_ms: int, random: int) -> bytes:
    high, low = random >> 62, random & (1 << 62) - 1
    return ((now_ms & (1 << 48) - 1) << 80 | 7 << 76 | high << 64 | 2 << 62 | low).to_bytes(16, "big")


_ids = EventIds()


def _begin_anew() -> None:
    # The lock may be held by a thread that a child does not have, and parent and child shall not go on alike.
    global _ids  # noqa: PLW0603 - forks concern the process
    _ids = EventIds()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
