"""Use of a feature and revenue: engines and a plain recount agree; intervals hold the truth as often as they say."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.asking import (
    Cohort,
    CohortFilter,
    Did,
    Filter,
    Known,
    Operator,
    Origin,
    Property,
    Selection,
)
from services.metrics.analytics.reports.engines import Engine, clickhouse_engine, store_engine
from services.metrics.analytics.reports.impact.associating import UnitFacts
from services.metrics.analytics.reports.impact.association import (
    RevenueAssociation,
    RevenueUnit,
    unit_facts,
)
from services.metrics.analytics.reports.impact.sales import Sales, sold
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.store.engine import Limits
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened, snapshot_of
from tests.support.report_streams import streams

PERIOD = scope_of(timedelta(days=6))
SPLIT = START_US + 3 * DAY
SALES = Sales(
    sale=Selection("A"),
    amount=Property("valor"),
    currency=Property("moeda"),
    cancellation=Selection("X"),
    key=Property("Tipo"),
)
ASKED = RevenueAssociation(scope=PERIOD, feature=Selection("B"), sales=SALES)
FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
VARIANTS: dict[str, RevenueAssociation] = {
    "users": ASKED,
    "users of a tenant, filtered, one currency": replace(
        ASKED,
        scope=replace(PERIOD, tenant="acme", filters=(FIREFOX,)),
        sales=replace(SALES, currency=None),
        feature=Selection("B", (Filter(Property("Tipo"), Operator.PRESENT),)),
    ),
    "tenants": replace(ASKED, unit=RevenueUnit.TENANT),
    "nothing is cancelled": replace(ASKED, sales=replace(SALES, cancellation=None)),
}


def paid(events: Sequence[Happened]) -> list[Happened]:
    """Events with a currency, some of none, and keys that few share."""
    return [
        replace(
            event,
            properties={
                **event.properties,
                **({"moeda": ("BRL", "USD")[at % 3 == 0]} if at % 4 else {}),
                **({"Tipo": f"v{at % 50}"} if "Tipo" in event.properties else {}),
            },
        )
        for at, event in enumerate(events)
    ]


def extracted(asked: RevenueAssociation, engine: Engine) -> tuple[dict[str, UnitFacts], Counter[Any]]:
    """Units and sales as an engine tells them."""
    units, count = unit_facts(asked, asked.scope, SPLIT, engine)
    assert count == len(units)
    found = list(sold(asked.sales, asked.scope, SPLIT, asked.unit.value, engine))
    assert len({(each.unit, each.currency, each.after) for each in found}) == len(found)
    return units, Counter({(each.unit, each.currency, each.after, each.revenue): each.sales for each in found})


def recounted(asked: RevenueAssociation, events: Sequence[Happened]) -> tuple[dict[str, UnitFacts], Counter[Any]]:
    """The same by the definition."""
    cancellation = asked.sales.cancellation
    of_tenant = [each for each in events if asked.scope.tenant in (None, each.tenant)]
    undone = {
        (each.tenant, each.properties["Tipo"])
        for each in of_tenant
        if cancellation is not None and each.name == cancellation.event and "Tipo" in each.properties
    }
    inside = [
        each
        for each in of_tenant
        if each.actor
        and START_US <= each.time < START_US + 6 * DAY
        and (not asked.scope.filters or each.context.get("browser") == "Firefox")
    ]
    units: dict[str, list[Happened]] = defaultdict(list)
    counts: Counter[Any] = Counter()
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for each in inside:
        unit = each.tenant if asked.unit is RevenueUnit.TENANT else str(each.actor)
        if each.time < SPLIT:
            units[unit].append(each)
        if each.name == "A" and (each.tenant, each.properties.get("Tipo")) not in undone:
            currency = "" if asked.sales.currency is None else str(each.properties.get("moeda", ""))
            counts[unit, currency, each.time >= SPLIT] += 1
            sums[unit, currency, each.time >= SPLIT] += _decimal(each.properties.get("valor"))
    facts = {}
    for unit, theirs in units.items():
        uses = [
            each for each in theirs if each.name == "B" and (not asked.feature.filters or "Tipo" in each.properties)
        ]
        facts[unit] = UnitFacts(
            "" if asked.unit is RevenueUnit.TENANT else theirs[0].tenant,
            bool(uses),
            len(theirs) - len(uses) + bool(uses),
            len({each.actor for each in theirs}),
        )
    return facts, Counter({(*key, float(sums[key])): count for key, count in counts.items()})


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool | float) or value is None:
        return Decimal(0)
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=10 * DAY, step=5 * 3_600 * SECOND))
@settings(max_examples=4)
def test_engines_and_a_recount_agree(
    asked: RevenueAssociation, events: list[Happened], chdb_events: ChdbEvents
) -> None:
    """Who used the feature, how active they were, and what they sold: by SQL of both, and in plain Python."""
    events = paid([replace(event, time=event.time - 2 * DAY) for event in events])
    expected = recounted(asked, events)
    with snapshot_of(events) as snapshot, store_engine(snapshot, asked.scope.tenant, Limits()) as engine:
        assert extracted(asked, engine) == expected
    assert extracted(asked, clickhouse_engine(chdb_events.holding(events))) == expected


@cache
def shop(effect: float) -> Sequence[Happened]:
    """300 users of 3 tenants over six days: who does more uses the feature and sells; use is worth so much more."""
    chance = np.random.default_rng(7)
    events = []
    for number in range(300):
        actor, tenant = 1_000 + number, f"t{number % 3}"
        activity = int(chance.integers(1, 12))
        for _ in range(activity):
            events.append(Happened(actor, START_US + int(chance.integers(3 * DAY)), "C", tenant=tenant))
        used = chance.random() < activity / 14
        if used:
            events.append(Happened(actor, START_US + int(chance.integers(3 * DAY)), "B", tenant=tenant))
        amount = 5 * (activity + used) + effect * used + float(chance.normal(0, 3))
        bill = {"valor": f"{amount:.2f}", "moeda": "BRL", "Tipo": f"v{number}"}
        events.append(Happened(actor, SPLIT + int(chance.integers(3 * DAY)), "A", bill, tenant=tenant))
    events.append(Happened(1_001, SPLIT, "A", {"valor": "9999", "moeda": "BRL", "Tipo": "undone"}, tenant="t1"))
    events.append(Happened(0, SPLIT + 30 * DAY, "X", {"Tipo": "undone"}, tenant="t1"))
    events.append(Happened(1_001, SPLIT, "A", {"valor": "7777", "moeda": "USD", "Tipo": "abroad"}, tenant="t1"))
    return events


def test_whole_answer(chdb_events: ChdbEvents) -> None:
    """Both engines tell the same; what was cancelled, or sold for other money, is no revenue."""
    result = ask_both(replace(ASKED, scope=replace(PERIOD, compare=True)), shop(40), chdb_events)
    assert (result.currency, result.other_sales, result.units, result.known_units) == ("BRL", 1, 300, 300)
    assert result.split == moment_of(SPLIT)
    assert result.users.units + result.others.units == 300
    assert result.silence is None
    assert result.adjusted.low < 40 < result.adjusted.high
    assert result.adjusted.high - result.adjusted.low < 4
    assert result.plain.value > 50
    compared = [each for each in result.strata if each.compared]
    assert sum(each.users for each in compared) == result.compared_users
    assert ask(ASKED, shop(40), complete_us=SPLIT).incomplete
    assert not result.incomplete


def test_sales_of_a_cohort_are_cancelled_by_anybody(chdb_events: ChdbEvents) -> None:
    """Whom the scope leaves out may still take back what those have sold that it leaves in."""
    events = [each for each in shop(40) if each.properties.get("Tipo") != "undone"]
    cohort = CohortFilter(Cohort((Did(selection=Selection("B")),)))
    asked = replace(ASKED, scope=replace(PERIOD, cohorts=(cohort,)))
    seller = next(each for each in events if each.name == "B").actor
    sale = next(each for each in events if each.name == "A" and each.actor == seller)
    others = {each.actor for each in events} - {each.actor for each in events if each.name == "B"}
    taken_back = Happened(min(others), sale.time, "X", {"Tipo": sale.properties["Tipo"]}, tenant=sale.tenant)
    before, after = (ask_both(asked, each, chdb_events) for each in (events, [*events, taken_back]))
    assert before.others.units == after.others.units == 0
    assert (before.users.units, before.users.paying - 1) == (after.users.units, after.users.paying)


def test_more_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the least numbers are, and it says how many there are."""
    monkeypatch.setattr("services.metrics.analytics.reports.impact.association.MOST_UNITS", 200)
    result = ask(ASKED, shop(40))
    assert (result.units, result.known_units) == (200, 300)
    assert result.users.units + result.others.units == 200


def test_silence() -> None:
    """It says what is missing instead of an interval that nobody may lean on."""
    events = shop(40)
    few = [each for each in events if each.actor < 1_060]
    assert "50 are needed" in ask(ASKED, few).silence
    unpaid = [each for each in events if each.name != "A" or each.time % 50 == 0]
    assert "10 are needed" in ask(ASKED, unpaid).silence
    empty = ask(ASKED, [])
    assert (empty.silence, empty.units, empty.currency) == ("there is no sale in the period", 0, None)
    assert ask(replace(ASKED, unit=RevenueUnit.TENANT), events).adjusted is None


WRONG: dict[str, tuple[Question, str]] = {
    "any feature": (replace(ASKED, feature=Selection(None)), "feature.event"),
    "the sale itself": (replace(ASKED, feature=Selection("A")), "feature.event"),
    "cancelled by itself": (
        replace(ASKED, sales=replace(SALES, cancellation=Selection("A"))),
        "sales.cancellation.event",
    ),
    "unknown amount": (replace(ASKED, sales=replace(SALES, amount=Property("preco"))), "sales.amount"),
    "all of it": (replace(ASKED, exposure=1.0), "exposure"),
    "no number": (replace(ASKED, exposure=float("nan")), "exposure"),
    "tenants of one tenant": (
        replace(ASKED, unit=RevenueUnit.TENANT, scope=replace(PERIOD, tenant="acme")),
        "unit",
    ),
    "one class": (replace(ASKED, classes=1), "classes"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(events=set("ABX"), properties={"Tipo", "valor", "moeda"}))
    assert [violation.field for violation in caught.value.violations] == [field]
