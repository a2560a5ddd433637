"""Tells watchers of alerts what has changed."""

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from mirante.api.metrics.v1 import alert_pb2 as pb2
from mirante.api.metrics.v1 import alert_service_pb2 as service_pb2

from services.metrics.alerts.alert_desk import AlertDesk
from services.runtime.coalesced import Coalesced
from services.runtime.errors import Unavailable

HEARTBEAT_SECONDS: Final = 4.0
POLL_SECONDS: Final = 1.0

_WHOLE_SECONDS: Final = 60.0
"""How often everything is read anew: what was erased is not told as a change."""


class AlertWatcher:
    """One reader: `tenants` that it looks at, None for all, and what it has not got yet, by id."""

    def __init__(self, tenants: frozenset[str] | None) -> None:
        self.tenants = tenants
        self.snapshot = True
        self.due: dict[str, pb2.Alert] = {}
        self.woken = asyncio.Event()

    def sees(self, alert: pb2.Alert) -> bool:
        """Return whether an alert is one of those that it looks at."""
        return self.tenants is None or alert.tenant in self.tenants


class AlertHub:
    """
    Reads what has changed while somebody watches, once for all of them.

    Args:
        environment: its key.
        desk: where alerts are read.
    """

    def __init__(self, environment: str, desk: AlertDesk) -> None:
        self._environment = environment
        self._desk = desk
        self._watchers: set[AlertWatcher] = set()
        self._open: dict[str, pb2.Alert] = {}
        self._revision = -1
        self._whole_at = 0.0
        self._refresh = Coalesced(self._read)
        self._woken = asyncio.Event()

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def changed(self) -> None:
        """Look at once: an alert has changed."""
        self._woken.set()

    async def run(self) -> None:
        """Look while somebody watches; for ever."""
        while True:
            self._woken.clear()
            if self._watchers:
                with contextlib.suppress(Unavailable):
                    await self._refresh()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()

    @contextlib.contextmanager
    def watching(self, tenants: Collection[str]) -> Iterator[AlertWatcher]:
        """Yield a watcher of these tenants, or of all when there are none."""
        watcher = AlertWatcher(frozenset(tenants) or None)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def next(self, watcher: AlertWatcher) -> service_pb2.WatchAlertsResponse:
        """Return what a watcher has not got yet, after a while also nothing; raise `Unavailable` at first."""
        if watcher.snapshot:
            await self._refresh()
            watcher.snapshot = False
            watcher.due.clear()
            return service_pb2.WatchAlertsResponse(
                snapshot=True, alerts=[alert for alert in self._open.values() if watcher.sees(alert)]
            )
        if not watcher.due:
            watcher.woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await watcher.woken.wait()
        if watcher.snapshot:
            return await self.next(watcher)
        alerts, watcher.due = list(watcher.due.values()), {}
        return service_pb2.WatchAlertsResponse(alerts=alerts)

    async def _read(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._revision < 0 or now >= self._whole_at:
            revision, alerts = await self._desk.unresolved(self._environment)
            self._whole_at = now + _WHOLE_SECONDS
            present = {alert.id: alert for alert in alerts}
            restored = revision < self._revision
            if self._revision < 0 or restored or not self._open.keys() <= present.keys() | await self._known():
                self._begin_anew(revision, present)
                return
        self._apply(await self._desk.changed_since(self._environment, self._revision))

    async def _known(self) -> Collection[str]:
        """Return the ids of what has changed since it was looked last: those are told as changes."""
        return {alert.id for alert in await self._desk.changed_since(self._environment, self._revision)}

    def _begin_anew(self, revision: int, present: dict[str, pb2.Alert]) -> None:
        self._revision, self._open = revision, present
        for watcher in self._watchers:
            watcher.snapshot = True
            watcher.woken.set()

    def _apply(self, alerts: Sequence[pb2.Alert]) -> None:
        for alert in alerts:
            self._revision = alert.revision
            if alert.state == pb2.ALERT_STATE_RESOLVED:
                self._open.pop(alert.id, None)
            else:
                self._open[alert.id] = alert
            for watcher in self._watchers:
                if watcher.sees(alert):
                    watcher.due[alert.id] = alert
                    watcher.woken.set()
