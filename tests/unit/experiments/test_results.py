"""Results and verdicts as they are wired: the worked example, what holds a verdict back, and what is kept of looks."""

from collections.abc import Sequence
from typing import Any

import pytest
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.participants import Counts
from services.metrics.experiments.results.computing import AllKept, results_of
from services.metrics.experiments.statistics.always_valid import frozen_tau, look, tightest_at
from services.metrics.experiments.statistics.comparing import Kind, estimate
from services.metrics.experiments.statistics.estimates import difference
from services.metrics.experiments.statistics.sums import converted
from tests.support.experiment_records import ARMS, asked, design, errors, proportion, said, started

UNITS_2000, UNITS_5000 = [2_000] * 3, [5_000] * 3
SOLD_2000, SOLD_5000 = [250, 316, 224], [625, 790, 560]
SHIP, KILL, KEEP = (result_pb2.VERDICT_KIND_SHIP, result_pb2.VERDICT_KIND_KILL, result_pb2.VERDICT_KIND_KEEP_RUNNING)
Rules = pb2.DecisionRules


def _results(
    experiment: pb2.Experiment,
    units: Sequence[int],
    before: AllKept | None = None,
    counts: Counts | None = None,
    **conversions: Sequence[int],
) -> tuple[result_pb2.ExperimentResults, AllKept]:
    record = started(experiment)
    question = asked(record)
    measured = said(question, units, **conversions)
    if counts is not None:
        measured = type(measured)(measured.exposures, measured.metrics, counts)
    return results_of(record, question, measured, before or {})


def _codes(results: result_pb2.ExperimentResults, arm: int) -> list[str]:
    reasons = results.verdict.arms[arm].reasons
    return [result_pb2.VerdictCode.Name(each.code).removeprefix("VERDICT_CODE_") for each in reasons]


@pytest.mark.parametrize(
    ("rules", "units", "sold", "verdict", "winner"),
    [
        (Rules(method=pb2.DECISION_METHOD_ALWAYS_VALID, planned_units=2_000), UNITS_2000, SOLD_2000, KEEP, ""),
        (Rules(method=pb2.DECISION_METHOD_FIXED, planned_units=2_000), UNITS_2000, SOLD_2000, SHIP, ARMS[1]),
        (Rules(planned_units=2_000), UNITS_2000, SOLD_2000, SHIP, ARMS[1]),
        (Rules(planned_units=5_000), UNITS_2000, SOLD_2000, KEEP, ""),
        (Rules(method=pb2.DECISION_METHOD_ALWAYS_VALID, planned_units=5_000), UNITS_5000, SOLD_5000, SHIP, ARMS[1]),
        (Rules(method=pb2.DECISION_METHOD_FIXED, planned_units=5_000), UNITS_5000, SOLD_5000, SHIP, ARMS[1]),
        (Rules(planned_units=5_000), UNITS_5000, SOLD_5000, SHIP, ARMS[1]),
    ],
)
def test_the_worked_example(rules: Rules, units: Sequence[int], sold: Sequence[int], verdict: int, winner: str) -> None:
    """The same data may ship at a size that was planned, and keep running when it is watched."""
    results, _ = _results(design(rules=rules), units, conversao=sold)
    assert (results.verdict.kind, results.verdict.winner) == (verdict, winner)
    assert all(reason.text for arm in results.verdict.arms for reason in arm.reasons)


def test_p_values_of_the_worked_example() -> None:
    """They are those of the reference, where the past says nothing of the spread; Bonferroni over both arms."""
    results, _ = _results(design(), UNITS_5000, conversao=SOLD_5000)
    collaborative, content = results.metrics[0].comparisons
    assert collaborative.p == pytest.approx(1.25174e-4, rel=1e-5)
    assert content.p == pytest.approx(0.519598, rel=1e-5)
    assert collaborative.adjusted_p == pytest.approx(2 * collaborative.p)
    assert collaborative.lift == pytest.approx(0.264)
    assert collaborative.difference == pytest.approx(0.033)
    assert results.metrics[0].arms[1].conversions == 790
    assert results.health.sample_ratio_p == 1.0


def test_the_spread_of_the_past_sets_the_test() -> None:
    """Where it is known, tau is frozen by it, whatever the data are."""
    known = proportion()
    known.planned_spread = 0.1
    results, _ = _results(design(primary=known), UNITS_5000, conversao=SOLD_5000)
    of = difference(*(estimate(Kind.PROPORTION, converted(each, 5_000)) for each in (790, 625)))
    tau = frozen_tau(tightest_at(10_000, 0.025), 0.1)
    seen = look(of, tau / of.variance, 0.025)
    comparison = results.metrics[0].comparisons[0]
    assert comparison.p == pytest.approx(seen.p)
    assert (comparison.lower, comparison.upper) == pytest.approx((seen.interval.lower, seen.interval.upper))


def test_nothing_is_unsaid() -> None:
    """What earlier looks and the test at the planned size said is kept, whatever the data become."""
    hybrid = design(rules=Rules(planned_units=2_000, minimum_days=0))
    first, kept = _results(hybrid, UNITS_2000, conversao=SOLD_2000)
    later, kept_later = _results(hybrid, UNITS_5000, kept, conversao=[625, 640, 560])
    tests = [each.metrics[0].comparisons[0].at_horizon for each in (first, later)]
    assert tests[0] == tests[1]
    assert later.verdict.kind == SHIP
    place = ("conversao", ARMS[1])
    assert kept_later[place].running.p <= kept[place].running.p
    assert kept_later[place].running.interval.lower >= kept[place].running.interval.lower


@pytest.mark.parametrize(
    ("errors_of", "verdict", "codes"),
    [
        ([0, 0, 0], SHIP, ["BETTER"]),
        ([40, 42, 41], KEEP, ["BETTER", "GUARDRAIL_NOT_SHOWN_HARMLESS"]),
        ([40, 140, 41], KEEP, ["GUARDRAIL_HARMED"]),
    ],
)
def test_guardrails(errors_of: Sequence[int], verdict: int, codes: list[str]) -> None:
    """An arm that harms is killed; one that is not shown harmless waits; one without a single error may ship."""
    guarded = design(guardrails=[errors(0.003)])
    results, _ = _results(guarded, UNITS_5000, conversao=SOLD_5000, erros=errors_of)
    assert (results.verdict.kind, _codes(results, 0)) == (verdict, codes)
    arm = results.verdict.arms[0].kind
    assert arm == (KILL if codes == ["GUARDRAIL_HARMED"] else verdict)


@pytest.mark.parametrize(
    ("units", "sold", "code"),
    [
        ([0, 0, 0], [0, 0, 0], "TOO_FEW_UNITS"),
        ([5_000, 0, 5_000], [625, 0, 560], "TOO_FEW_UNITS"),
        ([5_000, 5_000, 5_000], [0, 0, 0], "TOO_FEW_CONVERSIONS"),
        ([5_000, 4_000, 5_000], [625, 790, 560], "SAMPLE_RATIO_MISMATCH"),
    ],
)
def test_empty_arms_and_wrong_shares(units: Sequence[int], sold: Sequence[int], code: str) -> None:
    """Nothing is decided, numbers that do not exist are left out, and nothing breaks."""
    results, _ = _results(design(), units, conversao=sold)
    assert results.verdict.kind == KEEP
    assert code in _codes(results, 0)
    assert results.metrics[0].comparisons[0].HasField("difference") == bool(units[0] and units[1])
    assert bool(results.health.warnings) == (code != "TOO_FEW_CONVERSIONS")


def test_crossovers_and_days_hold_a_verdict_back() -> None:
    """Units that saw several variants are counted, and a week is waited for."""
    slow = design(rules=Rules(method=pb2.DECISION_METHOD_ALWAYS_VALID, planned_units=5_000, minimum_days=8))
    results, _ = _results(slow, UNITS_5000, counts=Counts(crossovers=400), conversao=SOLD_5000)
    assert _codes(results, 0) == ["TOO_MANY_CROSSOVERS", "TOO_FEW_DAYS"]
    assert (results.health.crossovers, results.days) == (400, 7)
    assert results.health.crossover_share == pytest.approx(400 / 15_400)


def test_the_series_is_one_look_a_day() -> None:
    """The last one is now."""
    results, _ = _results(design(), UNITS_5000, conversao=SOLD_5000)
    series: Any = results.metrics[0].comparisons[0].series
    assert len(series) == 7
    assert [each.units for each in series] == [0] * 6 + [5_000]
    assert series[-1].at == results.complete_until
    assert not series[0].HasField("difference")
