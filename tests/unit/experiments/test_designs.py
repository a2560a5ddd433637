"""Designs: what is refused, the flag that they make, layers, and plans from the past."""

import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.data.questions import DAY
from services.metrics.experiments.designing.allocation import split_weights
from services.metrics.experiments.designing.layers import Range, free_range, free_share
from services.metrics.experiments.desk import ExperimentDesk
from services.metrics.experiments.results_desk import design_from_past, plan_from_past
from services.metrics.experiments.statistics.planning import unpooled_size
from services.runtime.errors import InvalidRequest
from services.runtime.postgres.pool import PostgresPool
from tests.support.experiment_records import ARMS, design, errors, proportion
from tests.support.experiment_world import PRODUCTION, FakeCatalogue, FakeFlags
from tests.support.report_events import Happened, snapshot_of

NOW = 20_000 * DAY


def _arms(*weights: int) -> list[pb2.ExperimentArm]:
    return [pb2.ExperimentArm(variant=arm, weight=weight) for arm, weight in zip(ARMS, weights, strict=True)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: design(control="outra"), "experiment.control"),
        (
            lambda: design(arms=[*_arms(1, 1, 1)[:2], pb2.ExperimentArm(variant="z", weight=1)]),
            "experiment.arms[2].variant",
        ),
        (lambda: design(primary=proportion(event="venda_crida")), "experiment.primary.proportion.event"),
        (lambda: design(guardrails=[proportion("g", "erro_frontend")]), "experiment.guardrails[0].margin"),
        (lambda: design(secondary=[proportion()]), "experiment.secondary[0].key"),
        (lambda: design(holdout=60_000, layer_share=50_000), "experiment.layer_share"),
        (lambda: design(primary=proportion(window=Duration())), "experiment.primary.window"),
        (lambda: design(rule_id="nenhuma"), "experiment.rule_id"),
        (lambda: design(rules=pb2.DecisionRules(method=pb2.DECISION_METHOD_FIXED)), "experiment.rules.planned_units"),
        (lambda: design(rules=pb2.DecisionRules(alpha=float("inf"))), "experiment.rules.alpha"),
        (lambda: design(rules=pb2.DecisionRules(alpha=0.5)), "experiment.rules.alpha"),
        (lambda: design(rules=pb2.DecisionRules(alpha_sequence=0.05)), "experiment.rules.alpha_sequence"),
        (lambda: design(arms=_arms(1, 0, 1)), "experiment.arms[1].weight"),
        (lambda: design(guardrails=[errors(float("nan"))]), "experiment.guardrails[0].margin"),
    ],
)
async def test_wrong_designs(wrong: Callable[[], pb2.Experiment], field: str) -> None:
    """Each names its field, and a right one passes."""
    flags = FakeFlags()
    flags.add("recomendacao")
    desk = ExperimentDesk(cast("PostgresPool", None), flags, flags, FakeCatalogue(), lambda: 0.0)
    await desk.check(PRODUCTION, design(guardrails=[errors()]), "")
    await desk.check(PRODUCTION, design(rules=pb2.DecisionRules(alpha=0.001)), "")
    with pytest.raises(InvalidRequest) as refused:
        await desk.check(PRODUCTION, wrong(), "")
    assert [each.field for each in refused.value.violations] == [field]


def test_weights_become_shares_of_the_whole() -> None:
    """They add up, and none is off by more than rounding."""
    assert split_weights([1, 1, 1]) == [33_334, 33_333, 33_333]
    assert split_weights([50, 25, 25]) == [50_000, 25_000, 25_000]
    for weights in ([3, 7, 11, 13], [1, 99_999], [17] * 7):
        shares = split_weights(weights)
        assert sum(shares) == 100_000
        assert all(abs(a - 100_000 * w / sum(weights)) < 1 for a, w in zip(shares, weights, strict=True))


@pytest.mark.parametrize(
    ("taken", "share", "holdout", "found"),
    [
        ([], 0, 0, Range(0, 100_000)),
        ([], 0, 5_000, Range(5_000, 100_000)),
        ([Range(0, 40_000)], 60_000, 0, Range(40_000, 100_000)),
        ([Range(0, 40_000)], 60_001, 0, None),
        ([Range(60_000, 90_000), Range(0, 20_000)], 40_000, 0, Range(20_000, 60_000)),
        ([Range(60_000, 90_000), Range(0, 20_000)], 45_000, 0, None),
    ],
)
def test_layers(taken: Sequence[Range], share: int, holdout: int, found: Range | None) -> None:
    """The first gap that is wide enough; None where nothing is."""
    assert free_range(taken, share, holdout) == found
    assert free_share(taken, holdout) == 100_000 - holdout - sum(each.end - each.start for each in taken)


def _past(people: int, *, exposed: bool) -> list[Happened]:
    """Four weeks in which each person came once, a quarter of them bought, and one in ten for a fortune."""
    chance = random.Random(5)
    events = []
    for number in range(people):
        actor, at = 2**61 // (number + 1), NOW - 28 * DAY + chance.randrange(28 * DAY)
        told: dict[str, Any] = {"flag": "recomendacao", "variant": "control", "reason": "STATIC"}
        events.append(Happened(actor, at, "flag_exposta" if exposed else "pagina_vista", told if exposed else {}))
        if number % 4 == 0:
            value = "1000" if number % 40 == 0 else "10"
            events.append(Happened(actor, at + 1, "venda_criada", {"valor": value}))
    return events


@pytest.mark.parametrize("exposed", [True, False])
def test_a_plan_is_made_by_the_past(*, exposed: bool) -> None:
    """Baseline, size and duration; without exposures of the flag it goes by what people do."""
    asked = design(
        primary=proportion(window=Duration(seconds=86_400)),
        rules=pb2.DecisionRules(planned_units=1_000, minimum_effect=0.05),
    )
    with snapshot_of(_past(2_800, exposed=exposed), complete_us=NOW) as snapshot:
        plan = plan_from_past(asked, snapshot, 4, 0.8)
    assert plan.population == ("exposures" if exposed else "activity")
    assert plan.primary.baseline == pytest.approx(0.25, rel=0.03)
    assert plan.units_per_arm == pytest.approx(unpooled_size(plan.primary.baseline, 0.05, 0.04 / 2, 0.8), abs=1)
    assert plan.units_per_day == pytest.approx(100.0)
    # A third of a hundred a day, and a day in which the last ones are watched.
    assert abs(plan.days - plan.units_per_arm / (100 / 3)) < 0.1 * plan.days
    effects = [each.effect for each in plan.detectable]
    assert effects == sorted(effects, reverse=True)
    assert len(plan.warnings) == (0 if exposed else 1)


def test_caps_and_spreads_are_frozen_by_the_past() -> None:
    """The cap is a quantile of past totals, also of those who bought nothing; the spread is that of capped totals."""
    revenue = pb2.ExperimentMetric(
        key="receita",
        revenue=pb2.RevenueMeasure(sales=pb2.EventMeasure(event="venda_criada", property="valor")),
        window=Duration(seconds=86_400),
        cap_quantile=0.95,
    )
    with snapshot_of(_past(2_800, exposed=True), complete_us=NOW) as snapshot:
        frozen = design_from_past(design(secondary=[revenue]), snapshot)
        plain = design_from_past(design(), snapshot)
    assert frozen.secondary[0].cap == 10.0
    assert frozen.secondary[0].planned_spread == pytest.approx(100 * 0.25 * 0.75, rel=0.03)
    assert plain.primary.planned_spread == pytest.approx(0.25 * 0.75, rel=0.03)
