"""How the use of a feature goes together with revenue. Blocking."""

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from services.metrics.analytics.reports.asking import Known, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.impact.associating import (
    AssociationResult,
    Sold,
    UnitFacts,
    association_of,
)
from services.metrics.analytics.reports.impact.sales import Sales, check_sales, sold
from services.metrics.analytics.reports.local_time import instant, moment_of

MOST_UNITS: Final = 200_000
"""More are not looked at: those with the least numbers are, which is as good as drawn by lot."""

MOST_CLASSES: Final = 10
_LEAST_SHARE: Final = 0.1
_SALES: Final = Sales()


class RevenueUnit(Enum):
    """Whose use and revenue are looked at."""

    ACTOR = "actor"
    """Single users; those of one tenant are compared with each other."""
    TENANT = "tenant"
    """Whole tenants: one uses a feature when any of its users does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueAssociation:
    """
    How much more revenue units have later that used a feature, compared with units that did not. An association, no
    cause: what makes somebody use a feature may make them sell more, and only a part of that is seen in events.

    The period is split. In its first part one sees who used the feature, how active everybody was and what they sold;
    in its second part, what they sold afterwards. So revenue cannot have caused the use. Whoever had any event in the
    first part counts, also who never came back.

    Revenue is the sum of sales that stand, in the currency with most sales. Activity is the number of events, those of
    the feature counted as one: among units that did as much altogether, whether one of the things they did was the
    feature says little about how busy they are, so that a habit of doing much, which is never seen as such, is not
    taken for what the feature does.

    The plain difference is that of the mean revenue in the second part. The adjusted one is the coefficient of use in a
    linear regression on: a constant for each stratum (quantiles of activity by revenue so far: none, up to the median
    of those who sold, above it), a constant for each tenant (of actors), and within them activity, ln(1 + x) of it and
    of active users, and revenue so far. Its interval is robust against unequal variances (HC3), takes units for
    independent of each other, and knows nothing of what no event shows. Only strata with 5 units of either kind are
    compared; they weigh by how many of either kind they have. What use and revenue did for each other within the first
    part is adjusted away, so an effect is rather shown too small.

    Attributes:
        scope: the period. Filters are on all events but cancellations.
        feature: the events that are its use.
        sales: where revenue comes from.
        unit: see there.
        exposure: the share of the period that is its first part.
        classes: how many quantiles of activity.
    """

    scope: Scope
    feature: Selection
    sales: Sales = _SALES
    unit: RevenueUnit = RevenueUnit.ACTOR
    exposure: float = 0.5
    classes: int = 5


def check_association(asked: RevenueAssociation, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("feature", asked.feature, any_event=False)
    check_sales(checks, "sales", asked.sales)
    money = [each.event for each in (asked.sales.sale, asked.sales.cancellation) if each is not None]
    if asked.feature.event in money:
        checks.add("feature.event", "must not be the sale or its cancellation")
    if not _LEAST_SHARE <= asked.exposure <= 1 - _LEAST_SHARE:
        checks.add("exposure", f"must be {_LEAST_SHARE} to {1 - _LEAST_SHARE}")
    if asked.unit is RevenueUnit.TENANT and asked.scope.tenant is not None:
        checks.add("unit", "has no meaning when scope.tenant names one tenant")
    checks.number("classes", asked.classes, 2, MOST_CLASSES)
    checks.finish()


def association(asked: RevenueAssociation, scope: Scope, engine: Engine, complete_us: int) -> AssociationResult:
    """Answer the question."""
    start, end = instant(scope.start), instant(scope.end)
    split = start + int((end - start) * asked.exposure)
    units, count = unit_facts(asked, scope, split, engine)
    bills = list(sold(asked.sales, scope, split, asked.unit.value, engine))
    currency = _main_currency(bills)
    return association_of(
        units,
        [each for each in bills if each.currency == currency],
        asked.classes,
        split=moment_of(split),
        currency=currency,
        other_sales=sum(each.sales for each in bills if each.currency != currency),
        known_units=count,
        incomplete=end > complete_us,
    )


def unit_facts(
    asked: RevenueAssociation, scope: Scope, split_us: int, engine: Engine
) -> tuple[dict[str, UnitFacts], int]:
    """Return what is known of units from before a split, in the order of their numbers, and how many there are."""
    dialect = engine.dialect
    first = replace(scope, end=moment_of(split_us))
    feature = condition(asked.feature, dialect)
    actors = "count(DISTINCT actor)" if asked.unit is RevenueUnit.TENANT else "1"
    rows = engine.query(
        f"SELECT unit, min(tenant), max(used), count(*) - sum(used), {actors}, "  # noqa: S608 - values are quoted by the dialect
        f"count(*) OVER () FROM (SELECT {asked.unit.value} AS unit, tenant, actor, "
        f"CASE WHEN {feature} THEN 1 ELSE 0 END AS used FROM {engine.events} "
        f"WHERE {engine.somebody} AND {scope_condition(first, dialect)}) AS events "
        f"GROUP BY unit ORDER BY unit LIMIT {MOST_UNITS}"
    )
    facts = {
        str(unit): UnitFacts(str(tenant), bool(int(used)), int(others) + int(used), int(actors))
        for unit, tenant, used, others, actors, _ in rows
    }
    if asked.unit is RevenueUnit.TENANT:
        facts = {unit: replace(each, tenant="") for unit, each in facts.items()}
    return facts, int(rows[0][5]) if rows else 0


def _main_currency(bills: list[Sold]) -> str | None:
    sales = Counter[str]()
    for each in bills:
        sales[each.currency] += each.sales
    return min(sales, key=lambda currency: (-sales[currency], currency)) if sales else None
