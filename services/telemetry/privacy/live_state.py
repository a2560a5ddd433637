"""The seam to what other services hold of people for the moment."""

from collections.abc import Sequence
from typing import Protocol

from services.telemetry.privacy.requests import Place


class LiveState(Protocol):
    """
    State that is rebuilt from the log: presence, live values.

    Whoever keeps it also follows the log, whose entries tell of erasures; this removes what lies in the store now and
    does not wait for them. All methods raise `Unavailable` when the store does not answer.
    """

    async def forget(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """Remove what is kept under these actors, and tell whoever keeps it elsewhere; return how many keys went."""

    async def forget_tenant(self, place: Place) -> int:
        """Remove what is kept of a tenant, and tell; return how many keys went."""

    async def left(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """Return how many keys there are under these actors."""
