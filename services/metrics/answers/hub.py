"""Everybody who watches the tenants of an environment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.metrics.answers.frames import add_series, frame_of
from services.metrics.answers.last_week import LastWeek
from services.metrics.following.follower import Follower

HEARTBEAT_SECONDS: Final = 4.0
"""A frame is sent this long after the last one, also when nothing has changed: at least every 5 seconds."""

_PAUSES: Final = (0.1, 0.5)
_RESPONSES_PER_SECOND: Final = 2_000
"""After a response changes come together for a while: the longer, the more watchers there are, within bounds."""
_FRESH_SECONDS: Final = 1.0
_MOST_FRAMES: Final = 10_000
_LARGEST_RESPONSE: Final = 100
_LARGEST_WITH_SERIES: Final = 10


@dataclass(slots=True)
class _Made:
    """A frame as it was made last, and its bytes in a response."""

    frame: pb2.LiveFrame
    made_at: float
    stale: bool


class Watcher:
    """
    What one reader still has to be sent.

    Args:
        tenants: that are watched; None for all.
    """

    def __init__(self, tenants: frozenset[str] | None) -> None:
        self.tenants = tenants
        self.due: OrderedDict[str, int | None] = OrderedDict()
        """Tenants with the first minute that has changed; None for everything."""
        self.sent_at: dict[str, float] = {}
        self.sent_minute: dict[str, int] = {}
        self.woken = asyncio.Event()

    def offer(self, tenant: str, minute: int) -> None:
        """Note that a tenant has changed, since a minute."""
        if tenant not in self.due:
            self.due[tenant] = minute if tenant in self.sent_minute else None
        else:
            before = self.due[tenant]
            self.due[tenant] = None if before is None else min(before, minute)
        self.woken.set()

    def offer_all(self, tenants: Collection[str]) -> None:
        """Note that whole frames of these are due."""
        for tenant in tenants:
            self.due[tenant] = None
        if tenants:
            self.woken.set()

    def beat(self, now: float, tenants: Collection[str]) -> None:
        """Note the tenants that have not been sent anything for long."""
        for tenant in tenants:
            if tenant not in self.due and now - self.sent_at.get(tenant, float("-inf")) >= HEARTBEAT_SECONDS:
                self.due[tenant] = self.sent_minute.get(tenant)
                self.woken.set()


class Hub:
    """
    Makes frames when somebody needs them, each once for all, and hands them out.

    Args:
        follower: keeps the state.
        last_week: of the same environment.
        origin: of this process.
        clock: seconds since 1970.
    """

    def __init__(self, follower: Follower, last_week: LastWeek, origin: int, clock: Callable[[], float]) -> None:
        self._follower = follower
        self._last_week = last_week
        self._origin = origin
        self._clock = clock
        self._sequence = 0
        self._made: OrderedDict[str, _Made] = OrderedDict()
        self._watchers: set[Watcher] = set()
        self._watchers_of: dict[str | None, set[Watcher]] = {}
        self.frames_made = 0

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @property
    def is_built(self) -> bool:
        """Whether the log was read to its end once."""
        return self._follower.view.at_end

    @property
    def tenants(self) -> Collection[str]:
        """The tenants of which something is known."""
        return self._follower.view.metrics.tenants.keys()

    def changed(self, touched: Mapping[str, int]) -> None:
        """Tell everybody that tenants have changed, each since a minute."""
        of_all = self._watchers_of.get(None, ())
        for tenant, minute in touched.items():
            made = self._made.get(tenant)
            if made is not None:
                made.stale = True
            for watcher in (*self._watchers_of.get(tenant, ()), *of_all):
                watcher.offer(tenant, minute)

    def frame(self, tenant: str, *, with_series: bool, since: int | None = None) -> pb2.LiveFrame:
        """Return the present frame of a tenant; it is not to be changed. `since` is the first minute of its series."""
        made = self._made.get(tenant)
        now = time.monotonic()
        if made is None or made.stale or now - made.made_at > _FRESH_SECONDS:
            made = self._make(tenant, now)
        if not with_series:
            return made.frame
        whole = pb2.LiveFrame()
        whole.CopyFrom(made.frame)
        metrics = self._follower.view.metrics
        add_series(whole, metrics.numbers(tenant), metrics.plan.metrics, since)
        return whole

    def watch(self, tenants: Collection[str], received: Collection[pb2.FramePosition]) -> Watcher:
        """Return a watcher of these tenants, or of all when there are none, until `leave`."""
        watcher = Watcher(frozenset(tenants) or None)
        first = set(self._names(watcher))
        for position in received:
            made = self._made.get(position.tenant)
            present = made is not None and not made.stale and made.frame.sequence == position.sequence
            if present and made is not None and position.origin == self._origin and position.tenant in first:
                first.discard(position.tenant)
                watcher.sent_at[position.tenant] = time.monotonic()
                watcher.sent_minute[position.tenant] = made.frame.as_of.seconds // 60
        watcher.offer_all(sorted(first))
        self._watchers.add(watcher)
        for tenant in (None,) if watcher.tenants is None else watcher.tenants:
            self._watchers_of.setdefault(tenant, set()).add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.discard(watcher)
        for tenant in (None,) if watcher.tenants is None else watcher.tenants:
            watchers = self._watchers_of.get(tenant, set())
            watchers.discard(watcher)
            if not watchers:
                self._watchers_of.pop(tenant, None)

    async def next(self, watcher: Watcher, *, with_series: bool) -> pb2.WatchLiveMetricsResponse:
        """Wait until frames are due, and return them."""
        while not watcher.due:
            watcher.woken.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS / 8):
                    await watcher.woken.wait()
            except TimeoutError:
                watcher.beat(time.monotonic(), self._names(watcher))
        response = pb2.WatchLiveMetricsResponse()
        most = _LARGEST_WITH_SERIES if with_series else _LARGEST_RESPONSE
        while watcher.due and len(response.frames) < most:
            tenant, since = watcher.due.popitem(last=False)
            response.frames.append(
                self.frame(tenant, with_series=with_series, since=self._since(watcher, tenant, since))
            )
            watcher.sent_at[tenant] = time.monotonic()
            watcher.sent_minute[tenant] = response.frames[-1].as_of.seconds // 60
        return response

    async def pause(self, watcher: Watcher) -> None:
        """Let changes come together, unless the watcher has not got everything yet."""
        if not watcher.due:
            shortest, longest = _PAUSES
            await asyncio.sleep(min(longest, max(shortest, len(self._watchers) / _RESPONSES_PER_SECOND)))

    def _since(self, watcher: Watcher, tenant: str, since: int | None) -> int | None:
        """Return the first minute to be sent: windows that ended since the last frame are new in any case."""
        return None if since is None else min(since, watcher.sent_minute.get(tenant, since))

    def _make(self, tenant: str, now: float) -> _Made:
        frame = frame_of(self._follower.view, self._last_week, tenant, self._clock())
        self._sequence += 1
        self.frames_made += 1
        frame.environment = self._follower.environment
        frame.origin, frame.sequence = self._origin, self._sequence
        made = self._made[tenant] = _Made(frame, now, stale=False)
        self._made.move_to_end(tenant)
        while len(self._made) > _MOST_FRAMES:
            self._made.popitem(last=False)
        return made

    def _names(self, watcher: Watcher) -> Collection[str]:
        return self.tenants if watcher.tenants is None else watcher.tenants
