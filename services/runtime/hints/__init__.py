"""
The seam through which replicas of a service wake one another up, with opaque texts.

Delivery is a hint: texts may be lost, repeated, late or out of order. Whoever gets one reads what it misses from the
database; a slow poll does the same without any hint.
"""

import enum
from collections.abc import AsyncIterator
from typing import Protocol


class Missed(enum.Enum):
    """What is yielded instead of hints that may have been lost."""

    MISSED = "missed"


MISSED = Missed.MISSED


class HintFeed(Protocol):
    """Tells all replicas, the publishing one included."""

    async def publish(self, hint: str) -> None:
        """Tell everybody. Takes a moment at most and never raises: what is lost is found by the poll."""

    def hints(self) -> AsyncIterator[str | Missed]:
        """
        Yield hints for ever, `MISSED` first and whenever the connection was lost in between.

        Hints that are published after the first `MISSED` was yielded arrive, as long as nothing fails. One that wakes
        nobody for long is dropped; `MISSED` then takes its place.
        """
