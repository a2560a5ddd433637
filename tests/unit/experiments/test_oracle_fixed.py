"""Every fixed-horizon number of the oracle cases, to a relative 1e-6."""

import math
import statistics

import pytest

from services.metrics.experiments.statistics import bayes, multiplicity, planning, sample_ratio
from services.metrics.experiments.statistics.cuped import adjusted
from services.metrics.experiments.statistics.distributions import normal_tail, t_tail
from services.metrics.experiments.statistics.estimates import (
    Difference,
    Estimate,
    difference,
    mean,
    proportion,
    ratio,
    winsor_cap,
)
from services.metrics.experiments.statistics.fixed_horizon import (
    fisher_test,
    homogeneity_test,
    lift,
    lift_interval,
    newcombe,
    pooled_z_test,
    relative_difference,
    welch_test,
    wilson,
    z_test,
)
from services.metrics.experiments.statistics.group_sequential import bounds
from services.metrics.experiments.statistics.guardrails import Better, non_inferiority
from services.metrics.experiments.statistics.sums import Sums, converted
from services.metrics.experiments.statistics.tenants import TenantRow, cluster_errors, tenant_difference
from tests.unit.experiments.oracle_cases import CASES, assert_same, limits, moments, pair


@pytest.mark.parametrize("name", ["plan_collaborative_vs_control_n2000", "plan_content_vs_control_n5000"])
def test_two_proportions(name: str) -> None:
    """Pooled z, Wald, Newcombe, and the interval of the risk ratio (that of the lift and one)."""
    case = CASES[name]
    t, c = (converted(arm["conversions"], arm["n"]) for arm in (case["inputs"]["treatment"], case["inputs"]["control"]))
    of = difference(proportion(t), proportion(c))
    test, lifted = pooled_z_test(t, c), lift_interval(proportion(t), proportion(c), 0.05)
    got = {
        "abs_diff": of.value,
        "rel_lift": lift(proportion(t), proportion(c)),
        "z": test.statistic,
        "p_value": test.p,
        "wald_ci": limits(z_test(of, 0.05).interval),
        "newcombe_ci": limits(newcombe(t, c, 0.05)),
        "risk_ratio_ci": [1.0 + lifted.lower, 1.0 + lifted.upper],
    }
    assert_same(got, case["expected"])


def test_multiple_comparisons() -> None:
    """Holm, Bonferroni, and Benjamini and Hochberg; and the unpooled test with Bonferroni's interval."""
    case = CASES["plan_multiple_comparison_n2000"]
    values = case["inputs"]["p_values"]
    got = {
        "holm": multiplicity.holm(values),
        "bonferroni": multiplicity.bonferroni(values),
        "fdr_bh": multiplicity.benjamini_hochberg(values),
    }
    assert_same(got, case["expected"])
    case = CASES["spotify_ztest_plan_n2000"]
    arms = ["collaborative", "content"]
    tests = [
        difference(proportion(pair(case["inputs"][arm])), proportion(pair(case["inputs"]["control"]))) for arm in arms
    ]
    both = multiplicity.bonferroni([z_test(of, 0.05).p for of in tests])
    shown = {
        arm: {
            "diff": of.value,
            "p_value": z_test(of, 0.05).p,
            "adjusted_p": p,
            "adjusted_ci": limits(z_test(of, 0.05 / 2).interval),
            "significant": p < 0.05,
        }
        for arm, of, p in zip(arms, tests, both, strict=True)
    }
    assert_same(shown, case["expected"])


def test_all_arms_at_once() -> None:
    """Pearson's test of homogeneity."""
    case = CASES["plan_omnibus_3arm_n2000"]
    arms = [converted(k, n) for k, n in zip(case["inputs"]["conversions"], case["inputs"]["n"], strict=True)]
    test = homogeneity_test(arms)
    assert_same({"chi2": test.statistic, "dof": len(arms) - 1, "p_value": test.p}, case["expected"])


@pytest.mark.parametrize("name", ["plan_bayes_collaborative_n2000", "plan_bayes_content_n5000"])
def test_bayes(name: str) -> None:
    """The chance to win and the expected loss."""
    t, c = (pair(CASES[name]["inputs"][arm]) for arm in ("treatment", "control"))
    got = {"prob_beats_control": bayes.chance_to_win(t, c), "expected_loss_if_ship": bayes.expected_loss(t, c)}
    assert_same(got, CASES[name]["expected"])


def test_small_counts() -> None:
    """With no conversions z claims what Fisher does not; Wilson and Newcombe stay in range."""
    case = CASES["small_counts_zero_conversions"]
    t, c = pair(case["inputs"]["treatment"]), pair(case["inputs"]["control"])
    test, exact = pooled_z_test(t, c), fisher_test(t, c)
    got = {
        "z": test.statistic,
        "p_z": test.p,
        "p_fisher": exact,
        "newcombe_ci": limits(newcombe(t, c, 0.05)),
        "wilson_control": limits(wilson(c, 0.05)),
        "wilson_treatment": limits(wilson(t, 0.05)),
    }
    assert_same(got, case["expected"])
    assert test.p < 0.05 < exact


def test_means() -> None:
    """Welch's test; the normal one on sums, with the interval of the lift; the lift by the delta method."""
    case = CASES["mean_welch"]
    t, c = (
        Estimate(arm["mean"], arm["sd"] ** 2 / arm["n"], arm["n"])
        for arm in (case["inputs"]["treatment"], case["inputs"]["control"])
    )
    of = difference(t, c)
    test = welch_test(of, 0.05)
    got = {"t": test.statistic, "p_value": test.p, "df": of.freedom, "se": of.error, "ci": limits(test.interval)}
    assert_same(got, case["expected"])
    case = CASES["mean_unadjusted_moments"]
    t, c = (mean(moments(case["inputs"][arm], "post", "pre", "prepost")) for arm in ("treatment", "control"))
    assert_same(_of_means(t, c, relative=True), case["expected"])
    case = CASES["plan_relative_lift_collab_n2000"]
    t, c = (proportion(pair(case["inputs"][arm])) for arm in ("treatment", "control"))
    relative = relative_difference(t, c)
    test = welch_test(relative, 0.05)
    got = {"rel_lift": relative.value, "se": relative.error, "ci": limits(test.interval), "p_value": test.p}
    assert_same(got, case["expected"])


def test_cuped() -> None:
    """The adjusted difference by z and by Welch, theta, the variance that is gone, and a regression that is near."""
    case = CASES["cuped_mean"]
    raw = [moments(case["inputs"][arm], "post", "pre", "prepost") for arm in ("treatment", "control")]
    (t, c), theta = adjusted(raw)
    of, before = difference(t, c), difference(mean(raw[0]), mean(raw[1]))
    got = _of_means(t, c, relative=False) | {"variance_reduction_vs_unadjusted": 1.0 - of.variance / before.variance}
    assert_same(got, case["expected"])
    test = welch_test(of, 0.05)
    expected = CASES["cuped_gbstats_absolute"]["expected"]
    welch = {"theta": theta, "diff": of.value, "se": of.error, "ci": limits(test.interval), "p_value": test.p}
    assert_same(welch, expected)
    regression = CASES["cuped_ancova_crosscheck"]["expected"]
    assert_same(_regressed(raw[0], raw[1]), regression["effect"])
    assert_same(of.error, regression["se"], within=0.01)
    assert_same(of.z, regression["z"], within=0.01)
    assert_same(z_test(of, 0.05).p, regression["pvalue"], within=0.05)


def test_ratios() -> None:
    """The ratio's delta method, by z and by Welch."""
    case = CASES["ratio_delta"]
    t, c = (ratio(moments(case["inputs"][arm], "num", "den", "numden")) for arm in ("treatment", "control"))
    assert_same(_of_means(t, c, relative=False), case["expected"])
    of = difference(t, c)
    test = welch_test(of, 0.05)
    got = {
        "control_ratio": c.value,
        "treatment_ratio": t.value,
        "diff": of.value,
        "se": of.error,
        "ci": limits(test.interval),
        "p_value": test.p,
    }
    assert_same(got, CASES["ratio_gbstats_absolute"]["expected"])


def test_tenants() -> None:
    """Errors robust to clusters, and the delta method over tenants; users taken as independent claim too much."""
    case = CASES["cluster_tenant_level"]
    arms: tuple[list[TenantRow], list[TenantRow]] = ([], [])
    for row in case["inputs"]["clusters"]:
        arms[row["arm"]].append(TenantRow(row["conversions"], row["users"]))
    control, treatment = (
        Sums(
            len(rows),
            sum(row.y for row in rows),
            sum(row.y**2 for row in rows),
            sum(row.users for row in rows),
            sum(row.users**2 for row in rows),
            sum(row.y * row.users for row in rows),
        )
        for rows in arms
    )
    of, errors = tenant_difference(treatment, control), cluster_errors(arms[1], arms[0])
    users = sum(row.users for rows in arms for row in rows)
    got = {
        "effect": of.value,
        "naive_ols_se": errors.naive,
        "naive_p": 2.0 * t_tail(of.value / errors.naive, users - 2),
        "cluster_se_CR1": errors.cr1,
        "cluster_p_t": 2.0 * t_tail(of.value / errors.cr1, of.units - 1),
        "cluster_se_CR0": errors.cr0,
        "delta_effect": of.value,
        "delta_se": of.error,
        "delta_p_normal": 2.0 * normal_tail(of.z),
        "design_effect": errors.design_effect,
    }
    assert_same(got, case["expected"])


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("srm_")])
def test_sample_ratio(name: str) -> None:
    """The chi-square test, and the Bayes factor that may be looked at at any time."""
    observed, weights = CASES[name]["inputs"]["observed"], CASES[name]["inputs"]["weights"]
    test = sample_ratio.chi_square(observed, weights)
    running = sample_ratio.running_p(observed, weights)
    got = {
        "chi2": test.statistic,
        "p_value": test.p,
        "srm_at_0_001": test.p < sample_ratio.ALARM,
        "log_bayes_factor": -math.log(running),
        "p_value_single_look": running,
    }
    expected = CASES[name]["expected"]
    assert_same({key: got[key] for key in expected}, expected)


def test_planning() -> None:
    """Sizes of two proportions by three methods and of means; power; the smallest effect that is found."""
    for name in ("samplesize_prop_0.125_0.1_0.05", "samplesize_prop_0.05_0.2_0.05"):
        given = CASES[name]["inputs"]
        asked = (given["baseline"], given["baseline"] * given["relative_mde"], given["alpha"], given["power"])
        pooled = planning.pooled_size(*asked)
        got = {
            "n_cohen_h": planning.arcsine_size(*asked),
            "n_pooled": pooled,
            "n_unpooled": planning.unpooled_size(*asked),
            "n_pooled_ceil": math.ceil(pooled),
            "achieved_power_at_ceil": planning.proportion_power(asked[0], asked[1], math.ceil(pooled), asked[2]),
        }
        assert_same(got, CASES[name]["expected"])
    assert_same({"n": planning.mean_size(2, 20, 0.05, 0.8)}, CASES["samplesize_mean"]["expected"])
    found = {
        "mde_alpha_0_05": planning.smallest_effect(0.125, 2000, 0.05, 0.8),
        "rel_0_05": planning.smallest_effect(0.125, 2000, 0.05, 0.8) / 0.125,
        "mde_alpha_0_025": planning.smallest_effect(0.125, 2000, 0.025, 0.8),
        "rel_0_025": planning.smallest_effect(0.125, 2000, 0.025, 0.8) / 0.125,
        "power_plan_effect_0_158_alpha_0_05": planning.proportion_power(0.125, 0.033, 2000, 0.05),
        "power_plan_effect_alpha_0_025": planning.proportion_power(0.125, 0.033, 2000, 0.025),
    }
    assert_same(found, CASES["mde_baseline_0.125_n2000"]["expected"])


def test_non_inferiority() -> None:
    """A guardrail of errors that isn't shown to be within its margin."""
    case = CASES["noninferiority_error_rate"]
    of = difference(*(proportion(pair(case["inputs"][arm])) for arm in ("treatment", "control")))
    test = non_inferiority(of, Better.LOWER, case["inputs"]["margin"], 0.05)
    assert_same({"z": test.z, "p_value": test.p, "upper_95_one_sided": test.limit}, case["expected"])
    assert not test.passed
    assert non_inferiority(of, Better.LOWER, 0.021, 0.05).passed


def test_winsorised_revenue() -> None:
    """Caps by linear interpolation, and what is left of mean and deviation."""
    values = CASES["revenue_winsorize"]["inputs"]["values"]
    got = {"mean_raw": statistics.fmean(values), "sd_raw": statistics.stdev(values)}
    for name, quantile in (("p95", 0.95), ("p90", 0.9)):
        cap = winsor_cap(values, quantile)
        capped = [min(value, cap) for value in values]
        got |= {f"cap_{name}": cap, f"mean_{name}": statistics.fmean(capped), f"sd_{name}": statistics.stdev(capped)}
    assert_same(got, CASES["revenue_winsorize"]["expected"])


def test_group_sequential_bounds() -> None:
    """The bounds, to what the reference's grid is exact."""
    found = bounds(0.05, CASES["gst_bounds_5_looks"]["inputs"]["t"])
    assert_same(found, CASES["gst_bounds_5_looks"]["expected"]["z_bounds"], within=5e-5)


def _of_means(t: Estimate, c: Estimate, *, relative: bool) -> dict[str, float | None]:
    of = difference(t, c)
    test = z_test(of, 0.05)
    shown = lift_interval(t, c, 0.05)
    got = {
        "control": c.value,
        "treatment": t.value,
        "effect_size": of.value,
        "effect_size_ci_lower": test.interval.lower,
        "effect_size_ci_upper": test.interval.upper,
        "rel_effect_size": lift(t, c),
        "pvalue": test.p,
        "statistic": test.statistic,
    }
    interval: dict[str, float | None] = {
        "rel_effect_size_ci_lower": shown.lower,
        "rel_effect_size_ci_upper": shown.upper,
    }
    return got | interval if relative else got


def _regressed(t: Sums, c: Sums) -> float:
    """The arm's coefficient of a regression on arm and covariate: its theta is from within the arms only."""
    within = (t.covariance + c.covariance) / (t.variance_x + c.variance_x)
    return t.mean - c.mean - within * (t.mean_x - c.mean_x)


def test_no_difference_without_variance() -> None:
    """Zero conversions on both sides are no evidence, and Newcombe's interval keeps its width."""
    of = difference(proportion(converted(0, 100)), proportion(converted(0, 100)))
    assert of == Difference(0.0, 0.0, 200)
    assert z_test(of, 0.05).p == 1.0
    assert newcombe(converted(0, 100), converted(0, 100), 0.05).upper > 0.03
