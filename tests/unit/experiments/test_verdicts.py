"""The verdict: what is decided, what holds it back, and that the reasons say so."""

from dataclasses import replace

import pytest

from services.metrics.experiments.statistics.always_valid import Running, boundary, look, p_value, tightest_at
from services.metrics.experiments.statistics.estimates import Difference, cautious, difference, proportion
from services.metrics.experiments.statistics.facts import ArmFacts, Facts, GuardrailFacts, HorizonTest
from services.metrics.experiments.statistics.guardrails import Better, harm, level, non_inferiority
from services.metrics.experiments.statistics.intervals import EVERYTHING, Interval
from services.metrics.experiments.statistics.multiplicity import holm
from services.metrics.experiments.statistics.plans import Method, Plan
from services.metrics.experiments.statistics.sample_ratio import chi_square, running_p
from services.metrics.experiments.statistics.sums import converted
from services.metrics.experiments.statistics.verdicts import Code, Judgement, Reason, Verdict, judge

PLAN = Plan(Method.ALWAYS_VALID, arms=1, smallest_effect=0.01)
WON = Running(0.001, Interval(0.01, 0.05))
LOST = Running(0.001, Interval(-0.05, -0.01))
OPEN = Running(0.4, Interval(-0.02, 0.03))


def _facts(running: Running, *guardrails: GuardrailFacts, test: HorizonTest | None = None) -> Facts:
    arm = ArmFacts("on", 5000, 800, 0.03, running, test, guardrails)
    return Facts(5000, 700, 14, False, False, (arm,))


def _codes(judgement: Judgement) -> list[Code]:
    return [reason.code for reason in judgement.arms[0].reasons]


@pytest.mark.parametrize(
    ("running", "verdict", "codes"),
    [
        (WON, Verdict.SHIP, [Code.BETTER]),
        (LOST, Verdict.KILL, [Code.WORSE]),
        (OPEN, Verdict.KEEP_RUNNING, [Code.UNDECIDED]),
        (Running(0.4, Interval(-0.02, 0.005)), Verdict.KEEP_RUNNING, [Code.UNDECIDED, Code.FUTILE]),
        (Running(0.001, Interval(0.02, 0.01)), Verdict.KEEP_RUNNING, [Code.UNDECIDED, Code.EFFECT_CHANGES]),
        (Running(), Verdict.KEEP_RUNNING, [Code.UNDECIDED]),
    ],
)
def test_the_sequence_decides(running: Running, verdict: Verdict, codes: list[Code]) -> None:
    """Better ships, worse is killed, anything else keeps running, and says when that is futile."""
    judgement = judge(PLAN, _facts(running))
    assert (judgement.verdict, _codes(judgement)) == (verdict, codes)
    assert judgement.winner == ("on" if verdict is Verdict.SHIP else None)


def test_lower_may_be_better() -> None:
    """For a metric that should fall the signs are the other way."""
    plan = replace(PLAN, better=Better.LOWER)
    assert judge(plan, _facts(WON)).verdict is Verdict.KILL
    assert judge(plan, _facts(LOST)).verdict is Verdict.SHIP
    assert Code.FUTILE in _codes(judge(plan, _facts(Running(0.4, Interval(-0.005, 0.03)))))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(_facts(WON), mismatch=True), Code.SAMPLE_RATIO_MISMATCH),
        (replace(_facts(WON), crossovers=True), Code.TOO_MANY_CROSSOVERS),
        (replace(_facts(WON), control_units=999), Code.TOO_FEW_UNITS),
        (replace(_facts(WON), control_conversions=4), Code.TOO_FEW_CONVERSIONS),
        (replace(_facts(WON), days=6), Code.TOO_FEW_DAYS),
        (_facts(WON, GuardrailFacts("erros", False, False)), Code.GUARDRAIL_NOT_SHOWN_HARMLESS),
    ],
)
def test_what_holds_a_winner_back(facts: Facts, code: Code) -> None:
    """Each condition alone keeps a winner running, and is named."""
    judgement = judge(PLAN, facts)
    assert judgement.verdict is Verdict.KEEP_RUNNING
    assert code in _codes(judgement)


def test_harm_kills_before_everything_else() -> None:
    """A guardrail that was harmed kills on the first day, under a mismatch, and though the primary metric wins."""
    facts = replace(_facts(WON, GuardrailFacts("erros", True, False)), days=0, mismatch=True)
    judgement = judge(PLAN, facts)
    assert judgement.verdict is Verdict.KILL
    assert judgement.arms[0].reasons == (Reason(Code.GUARDRAIL_HARMED, "erros"),)


def test_the_best_of_several_winners_ships() -> None:
    """The others keep running, and say who is better; an experiment is killed when all of its arms are."""
    first = ArmFacts("a", 5000, 800, 0.03, WON)
    second = replace(first, name="b", estimate=0.04)
    plan = replace(PLAN, arms=2)
    judgement = judge(plan, Facts(5000, 700, 14, False, False, (first, second)))
    assert (judgement.verdict, judgement.winner) == (Verdict.SHIP, "b")
    assert judgement.arms[0].reasons[-1] == Reason(Code.ANOTHER_ARM_IS_BETTER, "b")
    lost = replace(first, running=LOST)
    assert judge(plan, Facts(5000, 700, 14, False, False, (lost, second))).verdict is Verdict.SHIP
    assert judge(plan, Facts(5000, 700, 14, False, False, (lost, lost))).verdict is Verdict.KILL
    with pytest.raises(ValueError, match="arms: not as many"):
        judge(PLAN, Facts(5000, 700, 14, False, False, (first, second)))


def test_the_test_at_the_horizon() -> None:
    """Before its horizon a fixed test says nothing; a hybrid has it for its part of the level."""
    fixed, hybrid = Plan(Method.FIXED, 1, horizon=5000), Plan(Method.HYBRID, 1, horizon=5000)
    assert judge(fixed, _facts(WON)).verdict is Verdict.KEEP_RUNNING
    at_once = _facts(OPEN, test=HorizonTest(0.045, 0.03))
    assert judge(fixed, at_once).verdict is Verdict.SHIP
    held = judge(hybrid, at_once)
    assert (held.verdict, _codes(held)) == (Verdict.KEEP_RUNNING, [Code.UNDECIDED, Code.HORIZON_REACHED])
    assert judge(hybrid, _facts(OPEN, test=HorizonTest(0.039, -0.03))).verdict is Verdict.KILL


def test_plans_that_cannot_be_are_refused() -> None:
    """The error names the field."""
    with pytest.raises(ValueError, match="arms: there is no treatment arm"):
        Plan(Method.ALWAYS_VALID, arms=0)
    with pytest.raises(ValueError, match="alpha_sequence"):
        Plan(Method.HYBRID, arms=1, horizon=100, alpha=0.01)
    with pytest.raises(ValueError, match="horizon: the method needs one"):
        Plan(Method.FIXED, arms=1)
    with pytest.raises(ValueError, match="smallest_effect"):
        Plan(Method.ALWAYS_VALID, arms=1, smallest_effect=-1.0)


def test_looks_before_the_minima_do_not_count() -> None:
    """An arm without conversions has no variance: its looks would prove it worse."""
    t, c = converted(0, 20), converted(50, 400)
    of = difference(proportion(t), proportion(c))
    assert look(of, tightest_at(10_000, 0.05) ** 2 * 10_000, 0.05).p < 0.05
    assert not PLAN.counts(20, 0)
    assert PLAN.counts(1000, 5)
    assert PLAN.counts(1000)
    plain = harm(of, Better.HIGHER, level(0.05, 4, 2), 5_000, events=50)
    careful = harm(difference(*cautious(t, c)), Better.HIGHER, level(0.05, 4, 2), 5_000, events=50)
    assert (plain.proven, careful.proven) == (True, False)


def test_no_variance_is_no_evidence() -> None:
    """Zero conversions in both arms: nothing is said, and nothing fails."""
    of = difference(proportion(converted(0, 50)), proportion(converted(0, 50)))
    seen = look(of, 1.0, 0.05)
    assert (seen.p, seen.interval) == (1.0, EVERYTHING)
    assert not harm(of, Better.LOWER, 0.01, 5000).proven
    assert not non_inferiority(of, Better.LOWER, 0.01, 0.05).passed


@pytest.mark.parametrize("z", [0.5, 2.0, 2.9, 3.1, 3.4, 6.0])
def test_p_value_and_interval_agree(z: float) -> None:
    """With one frozen rho p is below alpha exactly when the interval is off 0; with another rho they may not be."""
    of = Difference(z, 1.0, 4000)
    rho = tightest_at(10_000, 0.025)
    seen = look(of, rho * rho * of.units, 0.025)
    assert (seen.p < 0.025) is not seen.interval.holds(0.0)
    other = tightest_at(10_000, 0.05) ** 2 * of.units
    limit = float(boundary(rho * rho * of.units, 0.025))
    assert abs(float(p_value(limit, other)) - 0.025) > 1e-4


def test_running_keeps_the_smallest_and_the_intersection() -> None:
    """Later looks cannot take back what earlier ones said."""
    looks = [look(Difference(value, 1.0, 1000), 1.0, 0.05) for value in (5.0, 1.0)]
    both = Running().after(looks[0]).after(looks[1])
    assert both.p == looks[0].p
    assert both.interval == Interval(looks[0].interval.lower, looks[1].interval.upper)


def test_weights_are_shares_of_their_sum() -> None:
    """A third written with ten digits is a third; counts and weights that don't fit are refused."""
    counts = [10120, 9640, 10240]
    assert running_p(counts, [0.3333333333] * 3) == running_p(counts, [1.0, 1.0, 1.0])
    assert chi_square([0, 0], [1.0, 1.0]).p == 1.0
    for counted, weights in (([1], [1.0]), ([1, -1], [1.0, 1.0]), ([1, 1], [1.0, 0.0])):
        with pytest.raises(ValueError, match=r"weights|counts"):
            chi_square(counted, weights)


def test_holm_keeps_the_order_it_was_given() -> None:
    """Ranks are of the values, places of the caller; values that are no probabilities are refused."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    with pytest.raises(ValueError, match="no probability"):
        holm([0.1, 1.5])
