"""
The seam through which replicas wake one another up.

Delivery is a hint: messages may be lost, repeated, late or out of order. Whoever gets one reads what it misses from the
store; a slow poll does the same without any hint.
"""

import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """An environment has this revision or a newer one."""

    environment: str
    revision: int


class Notice(enum.Enum):
    """Hints without details."""

    KEYS_CHANGED = "keys changed"
    """An API key was created or revoked."""
    MISSED = "missed"
    """Hints may have been lost: read everything."""


Hint = RulesChanged | Notice


class ChangeFeed(Protocol):
    """Tells all replicas, the publishing one included."""

    async def publish(self, hint: Hint) -> None:
        """Tell everybody. Takes a moment at most and never raises: what is lost is found by the poll."""

    def hints(self) -> AsyncIterator[Hint]:
        """
        Yield hints for ever, `MISSED` first and whenever the connection was lost in between.

        Hints that are published after the first `MISSED` was yielded arrive, as long as nothing fails. One that wakes
        nobody for long is dropped; `MISSED` then takes its place.
        """
