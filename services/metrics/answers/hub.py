"""Everybody who watches the tenants of an environment."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.metrics.answers.frames import add_series, frame_of
from services.metrics.answers.last_week import LastWeek
from services.metrics.answers.watcher import Watcher
from services.metrics.following.follower import Follower

_INTERVALS: Final = (0.1, 0.5)
_FRAMES_PER_SECOND: Final = 2_000
"""Changes of a tenant come together for a while after each frame: the longer, the more is watched, within bounds."""
_TOGETHER_SECONDS: Final = 0.02
"""Tenants that change within this time go into one response."""
_FRESH_SECONDS: Final = 1.0
_MOST_FRAMES: Final = 10_000
_MOST_IN_A_RESPONSE: Final = 50
_LARGEST_RESPONSE: Final = 256 * 1024
"""Bytes, after which a response takes no further frame: a whole day of minutes takes some fifty thousand."""


@dataclass(slots=True)
class _Made:
    """A frame as it was made last, and its bytes in a response."""

    frame: pb2.LiveFrame
    made_at: float
    stale: bool


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
        self._named = 0
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

    def watch(self, tenants: Collection[str], received: Iterable[pb2.FramePosition]) -> Watcher:
        """
        Return a watcher of these tenants, or of all when there are none, until `leave`.

        Who has received the present frame of a tenant is sent no first one.
        """
        if tenants:
            watcher = self.watch_some()
            positions = {position.tenant: position for position in received}
            self.add(watcher, [positions.get(each, pb2.FramePosition(tenant=each)) for each in sorted(tenants)])
            return watcher
        watcher = Watcher(None)
        self._watchers.add(watcher)
        self._watchers_of.setdefault(None, set()).add(watcher)
        for position in received:
            self._admit(watcher, position)
        return watcher

    def watch_some(self) -> Watcher:
        """Return a watcher of no tenant yet, until `leave`."""
        watcher = Watcher(())
        self._watchers.add(watcher)
        return watcher

    def add(self, watcher: Watcher, positions: Iterable[pb2.FramePosition]) -> None:
        """Let a watcher of some watch more tenants, and say what was received of them; with sequence 0 nothing."""
        assert watcher.tenants is not None  # noqa: S101 - it is not one of all
        for position in positions:
            if position.tenant not in watcher.tenants:
                watcher.tenants.add(position.tenant)
                self._named += 1
            self._watchers_of.setdefault(position.tenant, set()).add(watcher)
            if not self._admit(watcher, position):
                watcher.offer_whole(position.tenant)

    def remove(self, watcher: Watcher, tenants: Iterable[str]) -> None:
        """Let a watcher of some watch these tenants no more."""
        assert watcher.tenants is not None  # noqa: S101 - as above
        for tenant in watcher.tenants.intersection(tenants):
            watcher.tenants.discard(tenant)
            watcher.forget(tenant)
            self._unlist(watcher, tenant)
            self._named -= 1

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.discard(watcher)
        if watcher.tenants is None:
            self._unlist(watcher, None)
        else:
            self.remove(watcher, watcher.tenants)

    async def next(self, watcher: Watcher, *, with_series: bool) -> Sequence[pb2.LiveFrame]:
        """Wait until frames may be sent, and return them."""
        watcher.interval = self._interval
        while True:
            now = time.monotonic()
            watcher.beat(self.tenants if watcher.tenants is None else watcher.tenants, now)
            frames = self._due(watcher, now, with_series=with_series)
            if frames:
                return frames
            watcher.woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(watcher.wait_seconds(now)):
                    await watcher.woken.wait()
            # Something is due now, or will be: what else is due by then goes with it.
            await asyncio.sleep(_TOGETHER_SECONDS)

    @property
    def _interval(self) -> float:
        watched = self._named + len(self._watchers_of.get(None, ())) * len(self.tenants)
        shortest, longest = _INTERVALS
        return min(longest, max(shortest, watched / _FRAMES_PER_SECOND))

    def _due(self, watcher: Watcher, now: float, *, with_series: bool) -> list[pb2.LiveFrame]:
        frames: list[pb2.LiveFrame] = []
        size = 0
        while size < _LARGEST_RESPONSE and len(frames) < _MOST_IN_A_RESPONSE:
            taken = watcher.take(now)
            if taken is None:
                break
            tenant, since = taken
            frame = self.frame(tenant, with_series=with_series, since=since)
            watcher.sent(tenant, frame.as_of.seconds // 60, now)
            frames.append(frame)
            size += frame.ByteSize()
        return frames

    def _admit(self, watcher: Watcher, position: pb2.FramePosition) -> bool:
        """Return whether the reader has the present frame of a tenant, and note that."""
        made = self._made.get(position.tenant)
        if made is None or made.stale or position.origin != self._origin or position.sequence != made.frame.sequence:
            return False
        watcher.sent(position.tenant, made.frame.as_of.seconds // 60, time.monotonic())
        return True

    def _unlist(self, watcher: Watcher, tenant: str | None) -> None:
        watchers = self._watchers_of.get(tenant, set())
        watchers.discard(watcher)
        if not watchers:
            self._watchers_of.pop(tenant, None)

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
