"""Who was erased is in no report and no cohort, from the moment on at which the store knows of it."""

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import pytest

from services.metrics.analytics.reports.asking import (
    Breakdown,
    Cohort,
    CohortFilter,
    Did,
    Filter,
    HasTrait,
    IsAmong,
    Operator,
    Origin,
    Property,
    Selection,
)
from services.metrics.analytics.reports.cohorts.asking import CohortMembers, CohortSize
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle
from services.metrics.analytics.reports.engagement.stickiness import Stickiness
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.funnels.asking import Funnel, FunnelPeople
from services.metrics.analytics.reports.impact.association import RevenueAssociation
from services.metrics.analytics.reports.impact.churn import Churn
from services.metrics.analytics.reports.paths.asking import Paths
from services.metrics.analytics.reports.quality.problems import Problems
from services.metrics.analytics.reports.quality.values import TopValues
from services.metrics.analytics.reports.quality.vitals import WebVitals
from services.metrics.analytics.reports.retention.asking import Retention
from services.metrics.analytics.reports.running import REPORTS, Question, run
from services.metrics.analytics.reports.series.asking import Series
from services.metrics.analytics.reports.surveys.nps import Nps
from services.metrics.analytics.reports.tasks.exits import Exits
from services.metrics.analytics.reports.tasks.task_time import TaskTime
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Snapshot
from tests.support.report_answers import DAY, START, START_US, scope_of, select
from tests.support.report_events import Happened, Told, snapshot_of

ANA, HER_DEVICE = 5_000, 7_000
"""Who is erased, and who became her before."""
HOUR = DAY // 24
SCOPE = replace(scope_of(timedelta(days=28)), start=START)
TYPE, PLAN = Property("tipo"), Property("plano", Origin.TRAIT)
SALE = Selection("venda_concluida")
EVERYBODY = Cohort((Did(selection=Selection(None)),))
HER = Cohort((IsAmong((ANA, HER_DEVICE)),))
QUESTIONS: tuple[Question, ...] = (
    CohortSize(scope=SCOPE, cohort=Cohort((HasTrait(Filter(PLAN, Operator.IS, ("pro",))),))),
    CohortMembers(scope=SCOPE, cohort=EVERYBODY),
    CohortMembers(scope=SCOPE, cohort=Cohort((IsAmong((ANA, HER_DEVICE, 12)),))),
    Stickiness(scope=SCOPE),
    Lifecycle(scope=SCOPE),
    FeatureUse(scope=SCOPE, breakdown=Breakdown(PLAN)),
    FirstUse(scope=SCOPE, features=("B",)),
    Funnel(scope=SCOPE, steps=select("AB"), breakdown=Breakdown(TYPE)),
    FunnelPeople(Funnel(scope=SCOPE, steps=select("AB")), 1, dropped=False),
    RevenueAssociation(scope=SCOPE, feature=Selection("B")),
    Churn(scope=SCOPE, horizon=timedelta(days=7)),
    Paths(scope=SCOPE, anchor=Selection("A"), gap=timedelta(days=2)),
    Problems(scope=SCOPE, problem=Selection("B"), by=TYPE),
    TopValues(scope=SCOPE, selection=Selection("A"), properties=(TYPE, PLAN)),
    WebVitals(scope=SCOPE),
    Retention(scope=SCOPE, offsets=3),
    Series(scope=SCOPE),
    Series(scope=SCOPE, breakdown=Breakdown(PLAN)),
    Nps(scope=SCOPE),
    TaskTime(scope=SCOPE, start=Selection("A"), end=Selection("B"), within=timedelta(days=1)),
    Exits(scope=SCOPE, view=Selection("A"), screen=TYPE),
)


def everything_of(actor: int, chance: random.Random) -> list[Happened]:
    """What somebody does who is in every report."""
    context = {"session": f"s{actor}", "user_id": f"u{actor}"} if actor != HER_DEVICE else {"session": f"s{actor}"}
    names = ["A", "B", "venda_concluida", "web_vital", "nps_respondido", "C", "A"]
    return [
        Happened(
            actor,
            START_US + day * DAY + chance.randrange(20) * HOUR + at * HOUR // 10,
            name,
            {
                "tipo": chance.choice(("pix", "boleto")),
                "nome": "LCP",
                "valor": float(chance.randrange(100, 4_000)),
                "nota": chance.randrange(11),
                "caminho": "/vendas",
                "valor_total": "10.50",
                "moeda": "BRL",
                "venda_id": f"{actor}-{day}-{at}",
            },
            context,
        )
        for day in (0, *sorted(chance.sample(range(1, 28), 6)))
        for at, name in enumerate(names)
    ]


def told_of(events: Sequence[Happened]) -> Told:
    """Everybody has the same plan."""
    return {("acme", event.actor, "plano"): "pro" for event in events if event.actor != HER_DEVICE}


@dataclass(frozen=True)
class Stores:
    """Stores with everybody, with her erased, and with the events of all others alone; and one without any."""

    everybody: Snapshot
    erased: Snapshot
    others: Snapshot
    nobody: Snapshot


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    """What she, her device and some others do."""
    chance = random.Random(11)
    events = [event for actor in (ANA, HER_DEVICE, *range(10, 40)) for event in everything_of(actor, chance)]
    others = [event for event in events if event.actor not in (ANA, HER_DEVICE)]
    merges, gone = {"acme": {HER_DEVICE: ANA}}, {"acme": frozenset({ANA})}

    def store(some: Sequence[Happened], **changes: Any) -> AbstractContextManager[Snapshot]:
        return snapshot_of(some, START_US + 60 * DAY, traits=told_of(some), clock=lambda: 0.0, **changes)

    with (
        store(events, merges=merges) as everybody,
        store(events, merges=merges, erased=gone, condemned=gone) as erased,
        store(others) as alone,
        store([]) as nobody,
    ):
        yield Stores(everybody, erased, alone, nobody)


def answer(question: Question, snapshot: Snapshot) -> Any:
    """What a store says."""
    return run(question, snapshot, Limits()).result


def test_every_report_is_asked() -> None:
    """A report that comes later has to be here as well."""
    assert {type(question) for question in QUESTIONS} == REPORTS.keys()


@pytest.mark.parametrize("question", QUESTIONS, ids=[type(question).__name__ for question in QUESTIONS])
def test_reports_without_the_erased(question: Any, stores: Stores) -> None:
    """The answer is that of a store that never had her events nor those of her device, in cohorts and out of them."""
    expected = answer(question, stores.others)
    assert answer(question, stores.everybody) != expected
    assert answer(question, stores.erased) == expected
    if "scope" in {field.name for field in fields(question)}:
        all_of_them = replace(question, scope=replace(SCOPE, cohorts=(CohortFilter(EVERYBODY),)))
        assert answer(all_of_them, stores.erased) == expected
        her = replace(question, scope=replace(SCOPE, cohorts=(CohortFilter(HER),)))
        assert answer(her, stores.erased) == answer(her, stores.nobody)
