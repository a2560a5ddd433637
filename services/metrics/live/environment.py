"""The live state of all tenants of an environment."""

from collections.abc import Iterable
from typing import Final

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.metrics.definitions import Metric
from services.metrics.live import DAY, HOUR, REACH
from services.metrics.live.keeping import Keeping, Limits
from services.metrics.live.numbers import Numbers
from services.metrics.live.plan import Plan
from services.metrics.live.tenant import Tenant

MOST_TENANTS: Final = 50_000


class LiveMetrics:
    """
    Counts the entries of a log, in its order and each once.

    Attributes:
        keeping: what its tenants share.
        splits: how often a merge was taken back; what was counted before is then another's: count anew.
        events: how many were counted.
    """

    def __init__(self, plan: Plan, now: float, limits: Limits | None = None) -> None:
        """Begin with nothing; `now` in seconds since 1970."""
        self.plan = plan
        self.floor = _floor(now)
        self.tenants: dict[str, Tenant] = {}
        self.splits = 0
        self.events = 0
        self.keeping = Keeping(limits or Limits())
        self._erased: set[str] = set()
        self._changed: set[str] = set()

    def apply(self, entries: Iterable[log_pb2.LogEntry]) -> None:
        """Count entries."""
        for entry in entries:
            if entry.HasField("event"):
                self.apply_event(entry.event)
            else:
                self.apply_other(entry)

    def apply_event(self, stored: StoredEvent) -> None:
        """Count an event."""
        event = stored.event
        tenant = self.tenant_of(event.tenant, 1)
        if tenant is not None:
            tenant.apply(stored, self.plan.of(event.name))

    def apply_other(self, entry: log_pb2.LogEntry) -> None:
        """Do what an entry says that is no event."""
        kind = entry.WhichOneof("kind")
        if kind == "split":
            self.splits += 1
        elif kind == "tenant_erasure":
            name = entry.tenant_erasure.tenant
            self._erased.add(name)
            if name in self.tenants:
                self.tenants[name] = self._new_tenant()
                self.tenants[name].touch(self.floor)
                self._changed.add(name)
        elif kind == "merge":
            merge = entry.merge
            self._changed.add(merge.tenant)
            if merge.tenant in self.tenants:
                self.tenants[merge.tenant].merge(merge.from_actor_id, merge.into_actor_id)
        elif kind == "erasure":
            erasure = entry.erasure
            self._changed.add(erasure.tenant)
            if erasure.tenant in self.tenants:
                for actor_id in erasure.actor_ids:
                    self.tenants[erasure.tenant].erase(actor_id)

    def tenant_of(self, name: str, events: int) -> Tenant | None:
        """Return the tenant in which so many events are counted now; None when they are left out."""
        tenant = self.tenants.get(name)
        if tenant is None:
            if not name or len(self.tenants) >= MOST_TENANTS:
                self.keeping.left.tenants += events if name else 0
                return None
            tenant = self.tenants[name] = self._new_tenant()
        self.events += events
        self._changed.add(name)
        return tenant

    def numbers(self, tenant: str) -> Numbers:
        """Return what can be said of a tenant, also of one that is not known."""
        known = self.tenants.get(tenant)
        return Numbers(self.plan, known or self._new_tenant())

    def known_from(self, metric: Metric) -> int:
        """Return the first minute at which a metric is wholly known: windows reach back an hour at most."""
        return self.floor if metric.aggregation.additive else self.floor + HOUR

    def advance(self, now: float) -> bool:
        """Forget what is too old, and tenants of which nothing is left; return whether an hour was dropped."""
        floor = _floor(now)
        if floor <= self.floor:
            return False
        self.floor = floor
        for name, tenant in list(self.tenants.items()):
            tenant.forget_before(floor)
            if tenant.empty:
                del self.tenants[name]
        return True

    def take_erased(self) -> set[str]:
        """Return the tenants that were erased since this was asked last."""
        erased, self._erased = self._erased, set()
        return erased

    def take_touched(self) -> dict[str, int]:
        """Return the tenants that have changed since this was asked last, with the first minute that has."""
        touched = {}
        for name in self._changed:
            tenant = self.tenants.get(name)
            minute = None if tenant is None else tenant.take_touched()
            if minute is not None:
                touched[name] = minute
        self._changed.clear()
        return touched

    def _new_tenant(self) -> Tenant:
        return Tenant(self.plan, self.floor, self.keeping)


def _floor(now: float) -> int:
    """Return the first minute that is kept: the beginning of an hour, so that hours are kept whole."""
    return (int(now) // 60 - REACH) // HOUR * HOUR


def series_start(now: float) -> int:
    """Return the first of the minutes of the last 24 hours."""
    return int(now) // 60 - DAY + 1
