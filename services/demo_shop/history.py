"""The part of the story that is over. Pure."""

import datetime

from services.demo_shop.arrivals import arrivals
from services.demo_shop.effects import Flags
from services.demo_shop.happening import Happening
from services.demo_shop.tenants import Tenant
from services.demo_shop.visits import visit
from services.demo_shop.world import World


def history(world: World, tenant: Tenant, day: datetime.date, flags: Flags) -> list[Happening]:
    """Return what happened in the visits that began at a tenant on a local day, in the order of time (and of ids)."""
    told = [happening for arrival in arrivals(world, tenant, day) for happening in visit(world, arrival, flags)]
    return sorted(told, key=_event_id)


def _event_id(happening: Happening) -> bytes:
    """Return the id: it begins with the time."""
    return happening.event_id
