"""
What goes wrong, or unusually well: the same every four weeks. Pure.

In the five weeks before the first start: a campaign 33 and 5 days ago, a release with a fault 9 days ago, and an
outage of one tenant 12 days ago; each a day earlier when that is a Sunday.
"""

import datetime
from typing import Final

from services.demo_shop.tenants import Tenant
from services.demo_shop.world import HOUR_MS, World, instant_ms

EVERY_DAYS: Final = 28
OUTAGE_TENANT: Final = "demo-casa-cerrado"
CAMPAIGN_TENANT: Final = "demo-moda-lua"

_OUTAGE, _FAULT, _CAMPAIGN = -12, -9, -5
_OUTAGE_FROM, _OUTAGE_HOURS = 10 * 3600, 4
_RELEASED_AT, _FIXED_AFTER = int(9.5 * 3600), 5 * HOUR_MS
_CAMPAIGN_FROM, _CAMPAIGN_HOURS = 15 * 3600, 4
_RELEASE_EVERY: Final = 7


def is_out(world: World, tenant: Tenant, at_ms: int) -> bool:
    """Return whether nothing works at a tenant at a time: for four hours from ten o'clock on."""
    return tenant.key == OUTAGE_TENANT and _within(world, _OUTAGE, _OUTAGE_FROM, _OUTAGE_HOURS * HOUR_MS, at_ms)


def is_campaign(world: World, tenant: Tenant, at_ms: int) -> bool:
    """Return whether everybody buys at a tenant: for four hours from three o'clock on."""
    return tenant.key == CAMPAIGN_TENANT and _within(world, _CAMPAIGN, _CAMPAIGN_FROM, _CAMPAIGN_HOURS * HOUR_MS, at_ms)


def is_faulty(world: World, at_ms: int) -> bool:
    """Return whether the release of that time has a fault, until it is replaced five hours later."""
    return _within(world, _FAULT, _RELEASED_AT, _FIXED_AFTER, at_ms)


def release_at(world: World, day: datetime.date, at_ms: int) -> str:
    """Return the release of a time on a local day: a new one every week, a second one after a fault."""
    since = (day - world.began).days - world.working_offset(_FAULT)
    released = day - datetime.timedelta(days=since % _RELEASE_EVERY)
    came_ms = instant_ms(released, _RELEASED_AT)
    if at_ms < came_ms:
        released -= datetime.timedelta(days=_RELEASE_EVERY)
    name = f"demo-{released:%Y.%m.%d}"
    fixed = ((released - world.began).days - world.working_offset(_FAULT)) % EVERY_DAYS == 0
    return f"{name}.1" if fixed and at_ms >= instant_ms(released, _RELEASED_AT) + _FIXED_AFTER else name


def _within(world: World, offset: int, second: int, length_ms: int, at_ms: int) -> bool:
    """Return whether a time lies in something that began on the day `offset`, or any number of four weeks from it."""
    first = instant_ms(world.began + datetime.timedelta(days=world.working_offset(offset)), second)
    return (at_ms - first) % (EVERY_DAYS * 24 * HOUR_MS) < length_ms
