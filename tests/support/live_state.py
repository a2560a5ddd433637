"""Everything that the live state holds, as values that can be compared."""

from typing import Any

from services.metrics.live.contributions import Contribution, Key, Undoing
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.past import PastActors
from services.metrics.live.tenant import Tenant


def state_of(metrics: LiveMetrics) -> dict[str, Any]:
    """Return what is held of all tenants, and what was left out."""
    return {
        "tenants": {name: _tenant(tenant) for name, tenant in metrics.tenants.items()},
        "events": metrics.events,
        "splits": metrics.splits,
        "left": metrics.keeping.left,
        "touched": metrics.take_touched(),
        "erased": metrics.take_erased(),
    }


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {
        "amounts": [{each: totals.minutes for each, totals in held.items()} for held in tenant.amounts],
        "histograms": {at: each.minutes for at, each in tenant.histograms.items()},
        "counts": [{width: each.changes for width, each in held.items()} for held in tenant.counts],
        "actors": {
            actor_id: (actor.seen, [_trace(each) for each in actor.traces]) for actor_id, actor in tenant.actors.items()
        },
        "keys": [{text: _key(key) for text, key in keys.items()} for keys in tenant.keys],
        "old": [(each.metric, each.minute, each.amount, each.currency, each.sign) for each in tenant.old],
        "past": _past(tenant.past),
        "currencies_seen": tenant.currencies_seen,
        "newest": tenant.newest,
        "touched_hours": tenant.touched_hours,
    }


def _trace(trace: Contribution | Undoing) -> object:
    if isinstance(trace, Undoing):
        return trace.lasts_until, trace.erased
    return tuple(getattr(trace, name) for name in Contribution.__slots__)


def _key(key: Key) -> object:
    return [_trace(each) for each in key.contributions], [_trace(each) for each in key.undoings]


def _past(past: PastActors) -> object:
    return [(number, day.seen, day.touched, day.lasts_until) for number, day in past._days.items()]
