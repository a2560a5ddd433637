"""What one reader still has to be sent, and when."""

import asyncio
from collections.abc import Collection, Iterable
from heapq import heapify, heappop, heappush
from typing import Final

HEARTBEAT_SECONDS: Final = 4.0
"""A frame is sent this long after the last one, also when nothing has changed: at least every 5 seconds."""

_BEAT_SECONDS: Final = HEARTBEAT_SECONDS / 8
_MOST_FORGOTTEN: Final = 1_000


class Watcher:
    """
    The tenants of a reader: a change is sent at once, the next one of the same tenant only `interval` seconds later.

    Args:
        tenants: that are watched at first; None for all that there are, for ever.
    """

    def __init__(self, tenants: Iterable[str] | None) -> None:
        self.tenants = None if tenants is None else set(tenants)
        self.interval = 0.0
        self.woken = asyncio.Event()
        self._since: dict[str, int | None] = {}
        self._at: list[tuple[float, str]] = []
        self._sent_at: dict[str, float] = {}
        self._sent_minute: dict[str, int] = {}
        self._beats_at = 0.0

    @property
    def due(self) -> Collection[str]:
        """The tenants that something has to be sent of, now or later."""
        return self._since.keys()

    def offer(self, tenant: str, minute: int) -> None:
        """Note that a tenant has changed, since a minute."""
        if tenant not in self._since:
            self._put(tenant, minute if tenant in self._sent_minute else None)
            return
        before = self._since[tenant]
        self._since[tenant] = None if before is None else min(before, minute)

    def offer_whole(self, tenant: str) -> None:
        """Note that a whole frame of a tenant is due."""
        if tenant in self._since:
            self._since[tenant] = None
        else:
            self._put(tenant, None)

    def forget(self, tenant: str) -> None:
        """Send no more of a tenant; when it comes again, its first frame is a whole one."""
        self._since.pop(tenant, None)
        self._sent_at.pop(tenant, None)
        self._sent_minute.pop(tenant, None)

    def sent(self, tenant: str, minute: int, now: float) -> None:
        """Note that the reader has a frame that was made in a minute."""
        self._sent_at[tenant] = now
        self._sent_minute[tenant] = minute

    def beat(self, tenants: Iterable[str], now: float) -> None:
        """Note which of the tenants have not been sent for long; looks at them every so often."""
        if now < self._beats_at:
            return
        self._beats_at = now + _BEAT_SECONDS
        for tenant in tenants:
            if tenant not in self._since and now - self._sent_at.get(tenant, float("-inf")) >= HEARTBEAT_SECONDS:
                self._put(tenant, self._sent_minute.get(tenant))

    def wait_seconds(self, now: float) -> float:
        """Return how long there is nothing to do: 0 when something is to be sent now."""
        return max(0.0, min(self._beats_at, self._at[0][0] if self._at else self._beats_at) - now)

    def take(self, now: float) -> tuple[str, int | None] | None:
        """
        Return the tenant that has waited longest of those that may be sent now, and the first minute of its series.

        None instead of the minute is for all of them; None alone when there is no such tenant.
        """
        while self._at and self._at[0][0] <= now:
            _, tenant = heappop(self._at)
            if tenant not in self._since:
                continue  # it was forgotten
            since = self._since.pop(tenant)
            # Windows that have ended since the last frame are new in any case.
            return tenant, None if since is None else min(since, self._sent_minute.get(tenant, since))
        return None

    def _put(self, tenant: str, since: int | None) -> None:
        self._since[tenant] = since
        if len(self._at) > 2 * len(self._since) + _MOST_FORGOTTEN:
            # A reader that takes nothing may still let tenants come and go.
            self._at = [(at, each) for each, at in {each: at for at, each in self._at}.items() if each in self._since]
            heapify(self._at)
        heappush(self._at, (self._sent_at.get(tenant, float("-inf")) + self.interval, tenant))
        self.woken.set()
