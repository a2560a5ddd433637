"""Who there is: people begin, come for a while, and stay away. Pure."""

import datetime
import math
from functools import lru_cache
from random import Random
from typing import Final, NamedTuple

from services.demo_shop.devices import Device, device_of
from services.demo_shop.tenants import TENANTS, Tenant
from services.demo_shop.world import World

LONGEST_DAYS: Final = 180
"""Nobody stays for longer."""

FEATURES: Final = ("filtros", "exportacao", "relatorios", "periodo", "edicao")

_SCALE_DAYS, _STEEPNESS = 4.0, 0.55
"""Of those who begin (1 + t / 4) ** -0.55 are still there after t days: many leave early, some stay for long."""
_MOST_GROWTH_DAYS: Final = 60
_BY_KEY: Final = {tenant.key: tenant for tenant in TENANTS}


class Person(NamedTuple):
    """
    Somebody who works with vendas at a tenant.

    Attributes:
        first, last: ordinals of the days between which they come.
        habit: the chance that they come on a full day.
        sells: between 0 and 1; who is below the share of their variant makes sales, see `effects`.
        uses: what they use, by the age in days at which they discover it.
    """

    user_id: str
    first: int
    last: int
    habit: float
    sells: float
    device: Device
    uses: dict[str, int]


def present(world: World, tenant: Tenant, day: datetime.date) -> list[Person]:
    """Return who may come on a day."""
    today = day.toordinal()
    return [
        person
        for first in range(today - LONGEST_DAYS, today + 1)
        for person in _newcomers(world, tenant.key, first)
        if person.last >= today
    ]


@lru_cache(maxsize=4_096)
def _newcomers(world: World, key: str, first: int) -> tuple[Person, ...]:
    """Return who begins on a day."""
    tenant = _BY_KEY[key]
    draw = world.draw("people", key, first)
    day = datetime.date.fromordinal(first)
    months = min(first - world.began.toordinal(), _MOST_GROWTH_DAYS) / 30
    mean = tenant.newcomers * tenant.monthly_growth**months * tenant.weekdays[day.weekday()]
    return tuple(_person(draw, tenant, first, number) for number in range(poisson(draw, mean)))


def _person(draw: Random, tenant: Tenant, first: int, number: int) -> Person:
    stays = _SCALE_DAYS * (max(draw.random(), 1e-6) ** (-1 / _STEEPNESS) - 1)
    return Person(
        user_id=f"{tenant.key}-pessoa-{first % 100_000}-{number}",
        first=first,
        last=first + min(LONGEST_DAYS, int(stays)),
        habit=draw.betavariate(1.2, 2.4),
        sells=draw.random(),
        device=device_of(draw),
        uses={each: int(draw.expovariate(0.25)) for each in FEATURES if draw.random() < 0.45},
    )


def poisson(draw: Random, mean: float) -> int:
    """Return a number of independent happenings of which there are `mean` on average (at most some hundreds)."""
    limit, number, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        number += 1
        product *= draw.random()
    return number
