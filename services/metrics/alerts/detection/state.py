"""What is remembered of a metric of a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class State:
    """Empty at first. `hours` were observed so far, `last` is the newest of them (UTC)."""

    hours: int = 0
    last: datetime | None = None

    def to_bytes(self) -> bytes:
        """Return the state for a store."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """
        Return a state that was stored.

        Raises:
            ValueError: these bytes are none.
        """
        raise NotImplementedError
