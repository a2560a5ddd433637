"""Who comes by on a day, and when. Pure."""

import datetime
from itertools import accumulate
from operator import attrgetter
from typing import Final, NamedTuple

from services.demo_shop.anomalies import is_campaign, is_out
from services.demo_shop.people import Person, present
from services.demo_shop.tenants import Tenant
from services.demo_shop.world import World, instant_ms

_AGAIN: Final = 0.3
"""Of the chance of a first visit: that of a second one on the same day."""
_CAMPAIGN_VISITS: Final = 3
"""Of everybody who comes during a campaign."""


class Arrival(NamedTuple):
    """Somebody comes by. `number` tells the arrivals of one day apart."""

    at_ms: int
    tenant: Tenant
    person: Person
    day: datetime.date
    number: int


def arrivals(world: World, tenant: Tenant, day: datetime.date) -> list[Arrival]:
    """Return who comes by at a tenant on a local day, in the order of time."""
    draw = world.draw("arrivals", tenant.key, day)
    hours = list(accumulate(tenant.hours))
    open_share, today = tenant.weekdays[day.weekday()], day.toordinal()
    found: list[Arrival] = []

    def come(person: Person) -> None:
        [hour] = draw.choices(range(24), cum_weights=hours)
        at_ms = instant_ms(day, (hour + draw.random()) * 3600)
        visits = _CAMPAIGN_VISITS if is_campaign(world, tenant, at_ms) else 1
        if not is_out(world, tenant, at_ms):
            known = len(found)
            found.extend([Arrival(at_ms + 1_000_000 * n, tenant, person, day, known + n) for n in range(visits)])

    for person in present(world, tenant, day):
        chance = 1.0 if person.first == today else person.habit * open_share
        if draw.random() < chance:
            come(person)
            if draw.random() < _AGAIN * chance:
                come(person)
    return sorted(found, key=attrgetter("at_ms"))
