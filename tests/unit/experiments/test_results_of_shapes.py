"""Results of experiments that are not the plain case: phases, tenants, means with covariates, and no effect at all."""

import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.participants import Counts
from services.metrics.experiments.data.tallies import SUMS, Measured
from services.metrics.experiments.results.computing import results_of
from services.metrics.experiments.statistics.sums import Sums
from services.metrics.experiments.statistics.tenants import tenant_difference
from tests.support.experiment_records import ARMS, asked, design, started

TWO = [pb2.ExperimentArm(variant=arm, weight=1) for arm in ARMS[:2]]


def _cells(*phases: list[Sums], days: int = 7) -> np.ndarray:
    """Sums of phases and arms that came on the last day."""
    cells = np.zeros((len(phases), len(phases[0]), days, SUMS))
    for at, phase in enumerate(phases):
        for arm, sums in enumerate(phase):
            cells[at, arm, -1] = (sums.units, sums.y, sums.yy, sums.x, sums.xx, sums.xy)
    return cells


def _results(record: pb2.ExperimentRecord, cells: np.ndarray) -> result_pb2.ExperimentResults:
    exposures = cells[..., 0].astype(np.int64)
    keys = [record.experiment.primary.key]
    measured = Measured(exposures, dict.fromkeys(keys, cells), Counts())
    return results_of(record, asked(record), measured, {})[0]


def test_arms_are_compared_within_phases() -> None:
    """A ramp while everybody converts more and more: pooled arms differ, the phases do not."""
    record = started(design(arms=TWO))
    record.phases[0].arms[1].weight = 1
    record.phases[0].arms[0].weight = 9
    second = record.phases.add(arms=[pb2.ExperimentArm(variant=arm, weight=1) for arm in ARMS[:2]])
    second.started_at.seconds = record.phases[0].started_at.seconds + 86_400
    ramp = _cells(
        [Sums(9_000, 900, 900), Sums(1_000, 100, 100)], [Sums(5_000, 1_000, 1_000), Sums(5_000, 1_000, 1_000)]
    )
    results = _results(record, ramp)
    (comparison,) = results.metrics[0].comparisons
    assert comparison.difference == pytest.approx(0.0, abs=1e-12)
    control, arm = results.metrics[0].arms
    assert arm.estimate - control.estimate > 0.04
    assert not comparison.HasField("lift_lower")
    assert not results.health.sample_ratio_mismatch
    assert [each.expected_share for each in results.health.arms] == pytest.approx([14_000 / 20_000, 6_000 / 20_000])


def _tenant_arms(tenants: int) -> list[Sums]:
    """Tenants of both arms, of many sizes, that convert by 10 and 16 %."""
    chance = np.random.default_rng(3)
    arms = []
    for share in (0.10, 0.16):
        users = chance.integers(50, 150, tenants).astype(float)
        sold = np.round(users * np.clip(chance.normal(share, 0.01, tenants), 0, 1))
        arms.append(Sums(tenants, sold.sum(), (sold**2).sum(), users.sum(), (users**2).sum(), (users * sold).sum()))
    return arms


def test_tenants_are_compared_by_rows_of_tenants() -> None:
    """Ratios over tenants, with t for few of them; fewer than ten decide nothing."""
    arms, few = _tenant_arms(12), _tenant_arms(5)
    rules = pb2.DecisionRules(minimum_days=0)
    record = started(design(arms=TWO, unit=pb2.RANDOMIZATION_UNIT_TENANT, rules=rules))
    results = _results(record, _cells(arms))
    (comparison,) = results.metrics[0].comparisons
    of = tenant_difference(arms[1], arms[0])
    assert comparison.difference == pytest.approx(of.value)
    assert results.verdict.kind == result_pb2.VERDICT_KIND_SHIP
    held = _results(record, _cells(few)).verdict
    assert [each.code for each in held.arms[0].reasons] == [result_pb2.VERDICT_CODE_TOO_FEW_UNITS]
    assert held.arms[0].reasons[0].text == "Ainda há menos de 10 tenants em uma das variantes."


def test_a_covariate_takes_variance_out() -> None:
    """With what units did before, the same means are told apart sooner."""
    chance = np.random.default_rng(1)
    arms = []
    for shift in (0.0, 1.0):
        before = chance.normal(50, 10, 4_000)
        after = before + chance.normal(shift, 3, 4_000)
        arms.append(Sums(4_000, after.sum(), (after**2).sum(), before.sum(), (before**2).sum(), (before * after).sum()))
    p = {}
    for adjusted in (False, True):
        metric = pb2.ExperimentMetric(
            key="valor", mean=pb2.EventMeasure(event="venda_criada", property="valor"), window=Duration(seconds=1)
        )
        if adjusted:
            metric.covariate_window.seconds = 7 * 86_400
        results = _results(started(design(arms=TWO, primary=metric)), _cells(arms))
        assert results.metrics[0].adjusted == adjusted
        p[adjusted] = results.metrics[0].comparisons[0].p
    assert p[True] < 1e-6 < p[False]


def test_nothing_is_found_where_there_is_nothing() -> None:
    """Three arms alike, looked at every day for two weeks: hardly any is shipped or killed; naive looks find many."""
    chance = np.random.default_rng(2_026)
    rules = pb2.DecisionRules(planned_units=14_000, minimum_days=0, minimum_units=500)
    record = started(design(rules=rules))
    runs, days, decided, naive = 150, 14, 0, 0
    for _ in range(runs):
        daily = np.full((1, 3, days), 1_000)
        sold = chance.binomial(daily, 0.125)
        cells = np.zeros((1, 3, days, SUMS))
        cells[..., 0], cells[..., 1], cells[..., 2] = daily, sold, sold
        cells = np.cumsum(cells, axis=2)
        measured = Measured(cells[..., 0].astype(np.int64), {"conversao": cells}, Counts())
        results, _ = results_of(record, asked(record, days), measured, {})
        decided += any(arm.kind != result_pb2.VERDICT_KIND_KEEP_RUNNING for arm in results.verdict.arms)
        share = cells[0, :, :, 1] / cells[0, :, :, 0]
        error = np.sqrt(2 * share.mean() * (1 - share.mean()) / cells[0, 0, :, 0])
        naive += bool((np.abs(share[1:] - share[0]) > 1.96 * error).any())
    assert decided <= 0.05 * runs + 3 * (0.05 * 0.95 * runs) ** 0.5
    assert naive > 0.2 * runs
