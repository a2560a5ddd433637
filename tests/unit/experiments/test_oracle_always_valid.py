"""Every always-valid number of the oracle cases, to a relative 1e-6, and the verdicts that follow."""

import math
from typing import Any

import pytest

from services.metrics.experiments.statistics.always_valid import (
    Running,
    frozen_tau,
    look,
    tightest_at,
)
from services.metrics.experiments.statistics.cuped import adjusted
from services.metrics.experiments.statistics.estimates import difference, mean, proportion
from services.metrics.experiments.statistics.facts import ArmFacts, Facts, HorizonTest
from services.metrics.experiments.statistics.fixed_horizon import pooled_z_test, relative_difference, z_test
from services.metrics.experiments.statistics.guardrails import Better, harm
from services.metrics.experiments.statistics.multiplicity import holm
from services.metrics.experiments.statistics.plans import Method, Plan
from services.metrics.experiments.statistics.sums import converted
from services.metrics.experiments.statistics.verdicts import Verdict, judge
from tests.unit.experiments.oracle_cases import CASES, assert_same, limits, moments, pair


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("seq_")])
def test_sequence(name: str) -> None:
    """rho, p-value, the interval of the difference, and that of the relative lift."""
    given = CASES[name]["inputs"]
    t, c = proportion(pair(given["treatment"])), proportion(pair(given["control"]))
    of, rho = difference(t, c), tightest_at(given["N_star"], given["alpha"])
    seen = look(of, rho * rho * of.units, given["alpha"])
    relative = relative_difference(t, c)
    got = {
        "diff": of.value,
        "se": of.error,
        "rho": rho,
        "ci": limits(seen.interval),
        "p_value": seen.p,
        "rejects": seen.p < given["alpha"],
        "relative_ci": limits(look(relative, rho * rho * of.units, given["alpha"]).interval),
        "relative": relative.value,
    }
    assert_same(got, CASES[name]["expected"])
    # With tau as this variance would have frozen it, the mixture SPRT is the same.
    tau = rho * rho * of.units * of.variance
    assert look(of, tau / of.variance, given["alpha"]).p == pytest.approx(seen.p)


def test_sequence_with_covariate() -> None:
    """CUPED's difference goes into the sequence as any other."""
    case = CASES["cuped_sequential"]
    raw = [moments(case["inputs"][arm], "post", "pre", "prepost") for arm in ("treatment", "control")]
    (t, c), _ = adjusted(raw)
    of = difference(t, c)
    seen = look(of, tightest_at(case["inputs"]["N_star"], 0.05) ** 2 * of.units, 0.05)
    got = {"diff": of.value, "se": of.error, "ci": limits(seen.interval), "p_value": seen.p}
    assert_same(got, case["expected"])
    assert mean(raw[0]).variance > t.variance


def test_looks_along_a_path_without_effect() -> None:
    """A fixed test is significant at three early looks; the sequence never is, and its intervals hold 0."""
    case = CASES["peeking_AA_path"]
    looks = _path(case["inputs"])
    running, smallest = Running(), []
    for seen in looks:
        running = running.after(seen["look"])
        smallest.append(running.p)
    fixed = [seen["fixed"].p for seen in looks]
    got = {
        "fixed_z": [seen["fixed"].statistic for seen in looks],
        "fixed_p_unpooled": fixed,
        "looks_fixed_significant": [at for at, p in enumerate(fixed, 1) if p < 0.05],
        "always_valid_p": [seen["look"].p for seen in looks],
        "running_min_p": smallest,
        "ci": [limits(seen["look"].interval) for seen in looks],
    }
    expected = CASES["peeking_AA_path"]["expected"]
    assert_same({key: got[key] for key in expected}, expected)
    assert running.interval.holds(0.0)


def test_looks_along_a_path_with_an_effect() -> None:
    """The first look that decides, and the interval there."""
    case = CASES["peeking_true_effect_path"]
    looks = _path(case["inputs"])
    first = next(at for at, seen in enumerate(looks) if seen["look"].p < case["inputs"]["alpha"])
    got = {
        "always_valid_p": [seen["look"].p for seen in looks],
        "first_reject_look": first + 1,
        "first_reject_n_per_arm": case["inputs"]["n_per_arm"][first],
        "ci_at_reject": limits(looks[first]["look"].interval),
    }
    assert_same(got, case["expected"])


@pytest.mark.parametrize(
    ("name", "better"),
    [("killswitch_error_rate_harm_a05", Better.LOWER), ("killswitch_conversion_drop", Better.HIGHER)],
)
def test_harm(name: str, better: Better) -> None:
    """The one-sided bound; its p-value to what the reference's bisection is exact."""
    given, expected = CASES[name]["inputs"], dict(CASES[name]["expected"])
    of = difference(proportion(pair(given["treatment"])), proportion(pair(given["control"])))
    found = harm(of, better, given["alpha"], given["N_star"])
    assert_same(min(max(found.p, 1e-5), 0.4999), expected.pop("p_value_bisection"), within=5e-3)
    got = {"diff": of.value, "se": of.error, "ci_one_sided": limits(found.interval), "harm_detected": found.proven}
    assert_same(got, expected)
    assert not harm(of, better, given["alpha"], given["N_star"], events=19).proven


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("decision_plan")])
def test_verdicts_of_the_worked_example(name: str) -> None:
    """The same data have to keep running when looked at daily, and ship when their size was the planned one."""
    given, expected = CASES[name]["inputs"], CASES[name]["expected"]
    n, arms = given["n_per_arm"], given["arms"][1:]
    sums = [converted(k, n) for k in given["conversions"]]
    rho = tightest_at(2 * n, 0.025)
    differences = [difference(proportion(arm), proportion(sums[0])) for arm in sums[1:]]
    looks = [look(of, rho * rho * of.units, 0.025) for of in differences]
    fixed = [pooled_z_test(arm, sums[0]).p for arm in sums[1:]]

    def verdicts(method: Method) -> list[Verdict]:
        facts = tuple(
            ArmFacts(name, n, int(arm.y), of.value, Running().after(seen), HorizonTest(p, of.value))
            for name, arm, of, seen, p in zip(arms, sums[1:], differences, looks, fixed, strict=True)
        )
        of_all = judge(Plan(method, 2, horizon=n), Facts(n, int(sums[0].y), 14, False, False, facts))
        return [said.verdict for said in of_all.arms]

    words = {"ship": Verdict.SHIP, "kill": Verdict.KILL}
    got = {
        "seq_p": dict(zip(arms, (seen.p for seen in looks), strict=True)),
        "fixed_horizon_holm_p": dict(zip(arms, holm(fixed), strict=True)),
    }
    assert_same(got, {key: expected[key] for key in got})
    for method, key in ((Method.ALWAYS_VALID, "sequential_verdict"), (Method.FIXED, "fixed_horizon_verdict")):
        asked = [words.get(expected[key][arm], Verdict.KEEP_RUNNING) for arm in arms]
        assert verdicts(method) == asked
    assert verdicts(Method.HYBRID)[0] is Verdict.SHIP


def test_frozen_tau_is_that_of_the_sequence_in_units() -> None:
    """At equal allocation and the planned variance both mixtures are one."""
    rho = tightest_at(10_000, 0.05)
    of = difference(proportion(converted(625, 5000)), proportion(converted(625, 5000)))
    assert frozen_tau(rho, 0.125 * 0.875) / of.variance == pytest.approx(rho * rho * of.units)
    assert math.isclose(tightest_at(5000, 0.05), 0.03984006677, rel_tol=1e-6)


def _path(given: dict[str, Any]) -> list[dict[str, Any]]:  # Any: rows of a case
    rho = tightest_at(given["N_star"], given["alpha"])
    rows = []
    for n, c, t in zip(given["n_per_arm"], given["control_conversions"], given["treatment_conversions"], strict=True):
        of = difference(proportion(converted(t, n)), proportion(converted(c, n)))
        rows.append({"fixed": z_test(of, 0.05), "look": look(of, rho * rho * of.units, given["alpha"])})
    return rows
