"""Made-up tenants with known outages and spikes, for measuring what alerts find and how often they are wrong."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from services.metrics.alerts.detection import Observation

DAYS: Final = 28
DAY: Final = 24
HOURS: Final = DAYS * DAY
MINUTES: Final = 60
SCORED_FROM: Final = 3 * DAY
BROKEN_AFTER: Final = 7
OUTAGES: Final = 3
SPIKES: Final = 3
OUTAGE_FROM: Final = 10
OUTAGE_HOURS: Final = 4
SPIKE_AT: Final = 13
PLAIN_FIRST: Final = datetime(2026, 3, 2, 3, tzinfo=UTC)
"""A Monday, midnight in São Paulo; no national holiday for four weeks."""
HARD_FIRST: Final = datetime(2026, 3, 23, 3, tzinfo=UTC)
HARD_HOLIDAY: Final = 11
"""The day of Sexta-feira Santa."""
SATURDAY: Final = 5
SUNDAY: Final = 6

Rate = Callable[[int, int], float]
"""What is expected in an hour of a day, (day, hour); day 0 is a Monday."""


@dataclass(frozen=True)
class Tenant:
    """The hours from `first` on; `outages` and `spikes` are the indexes of their first hours."""

    first: datetime
    observations: Sequence[Observation]
    outages: Sequence[int]
    spikes: Sequence[int]

    @property
    def broken(self) -> set[int]:
        """All hours in which an alarm is right."""
        return {each + i for each in self.outages for i in range(OUTAGE_HOURS)} | set(self.spikes)

    def hour(self, index: int) -> datetime:
        """Return the hour with an index."""
        return self.first + timedelta(hours=index)


def plain_tenant(source: random.Random, peak: float) -> Tenant:
    """
    Return a tenant of the plain generator: open from 8 to 20 h on six days, level for ever, negative binomial with k
    = 15.
    """
    return _tenant(source, PLAIN_FIRST, lambda day, hour: peak * plain_shape(day % 7, hour), 15.0)


def plain_shape(weekday: int, hour: int) -> float:
    """Return the share of the peak."""
    return _day(hour, 8, 20) if weekday != SUNDAY else 0.02


def hard_tenant(source: random.Random, peak: float, k: float) -> Tenant:
    """
    Return a tenant that breaks what the method assumes.

    Its hours, its Saturday and its lunch are its own, and a quarter is open on Sundays. The level grows or shrinks by
    up to 10 % a week and strays by 5 % a day beside that. Sexta-feira Santa is like a Sunday on which everybody is
    closed.
    """
    opens, closes = source.choice((7, 8, 9, 10)), source.choice((18, 19, 20, 22))
    saturday, lunch = source.choice((0.5, 1.0, 1.5)), source.choice((0.6, 1.0, 1.3))
    sunday = source.choice((0.0, 0.0, 0.0, 0.6))
    growth, stray, levels = source.uniform(-0.1, 0.1), 0.0, []
    for day in range(DAYS):
        stray += source.gauss(0.0, 0.05)
        levels.append(peak * math.exp(stray + math.log1p(growth) * day / 7))

    def rate(day: int, hour: int) -> float:
        weekday = day % 7
        share = _day(hour, opens, closes) * (lunch if hour in (12, 13) else 1.0)
        share *= {SATURDAY: saturday, SUNDAY: sunday}.get(weekday, 1.0) if day != HARD_HOLIDAY else 0.0
        return levels[day] * max(share, 0.02)

    return _tenant(source, HARD_FIRST, rate, k)


def money_tenant(source: random.Random, peak: float) -> Tenant:
    """
    Return the revenue of a plain tenant: the amounts of its sales are lognormal (the largest in a thousand 20 times
    the median).
    """
    sales = plain_tenant(source, peak)
    observations = []
    for each in sales.observations:
        minutes = [Decimal(0)] * MINUTES
        for _ in range(int(each.value)):
            minutes[source.randrange(MINUTES)] += Decimal(f"{source.lognormvariate(4.5, 1.0):.2f}")
        observations.append(Observation.of_minutes(minutes))
    return replace(sales, observations=observations)


def ratio_tenant(source: random.Random, peak: float) -> Tenant:
    """
    Return the conversion of a plain tenant with ten visitors a sale: a tenth of them buys, with a concentration of 100.

    In an outage nobody buys, though visitors come; in a spike four times as many buy.
    """
    tenant = plain_tenant(source, peak)
    broken, observations = tenant.broken, []
    for index in range(HOURS):
        visitors = negative_binomial(source, 10 * peak * plain_shape(index // DAY % 7, index % DAY), 15.0)
        share = source.betavariate(10.0, 90.0)
        if index in broken:
            share = min(4 * share, 1.0) if index in tenant.spikes else 0.0
        observations.append(Observation(sum(source.random() < share for _ in range(visitors)), of=visitors))
    return replace(tenant, observations=observations)


def negative_binomial(source: random.Random, mean: float, k: float) -> int:
    """Return a count: Poisson around a rate drawn from a Gamma of size k; infinite k is Poisson."""
    return poisson(source, mean if math.isinf(k) else source.gammavariate(k, mean / k))


def poisson(source: random.Random, mean: float) -> int:
    """
    Return a Poisson count, by the product of uniform numbers (Knuth), in parts for which no double is too small.
    """
    count = 0
    while mean > 500.0:
        count += poisson(source, 500.0)
        mean -= 500.0
    floor, product = math.exp(-mean), source.random()
    while product > floor:
        count += 1
        product *= source.random()
    return count


def _day(hour: int, opens: int, closes: int) -> float:
    if not opens <= hour < closes:
        return 0.02
    return 0.4 + 0.6 * math.sin(math.pi * (hour - opens) / (closes - opens))


def _tenant(source: random.Random, first: datetime, rate: Rate, k: float) -> Tenant:
    """Four weeks with three outages and three spikes, each on a day of its own on which the tenant is open."""
    open_days = [day for day in range(BROKEN_AFTER, DAYS) if rate(day, SPIKE_AT) > 3 * rate(day, 3)]
    days = source.sample(open_days, OUTAGES + SPIKES)
    counts = [negative_binomial(source, rate(day, hour), k) for day in range(DAYS) for hour in range(DAY)]
    outages = [day * DAY + OUTAGE_FROM for day in days[:OUTAGES]]
    spikes = [day * DAY + SPIKE_AT for day in days[OUTAGES:]]
    for start in outages:
        counts[start : start + OUTAGE_HOURS] = [0] * OUTAGE_HOURS
    for at in spikes:
        counts[at] = math.floor(4 * rate(at // DAY, SPIKE_AT)) + 3
    return Tenant(first, [Observation(each) for each in counts], outages, spikes)
