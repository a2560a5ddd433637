"""
What the tests promise, shown on thousands of simulated experiments; and that the same harness finds naive ones out.

Every gate has its control: an analysis that is known to be wrong, on the same runs, has to fail it.
"""

import numpy as np
import pytest

from services.metrics.experiments.statistics.always_valid import (
    boundary,
    frozen_tau,
    normal_of_t,
    one_sided_boundary,
    one_sided_p_value,
    p_value,
    tightest_at,
    tightest_one_sided,
)
from services.metrics.experiments.statistics.bayes import chance_to_win
from services.metrics.experiments.statistics.distributions import Array, chi_square_tail, normal_quantile, normal_tail
from services.metrics.experiments.statistics.estimates import Difference, cautious, difference, proportion
from services.metrics.experiments.statistics.group_sequential import bounds
from services.metrics.experiments.statistics.guardrails import FEWEST_EVENTS, Better, always_non_inferior, level
from services.metrics.experiments.statistics.phases import stratified
from services.metrics.experiments.statistics.plans import Method, Plan
from services.metrics.experiments.statistics.sample_ratio import log_bayes_factor
from services.metrics.experiments.statistics.sums import converted, sums_of
from services.metrics.experiments.statistics.tenants import tenant_difference, tenant_look
from tests.unit.experiments.simulations import (
    LOOKS,
    RAMP,
    Seen,
    by_tenant,
    by_user,
    conversions,
    equal_arms,
    ever,
    proportions,
    ramped,
    tenants,
    upper,
)

RUNS = 2000
BASE, BETTER = 0.125, 0.158
STEP = 25  # units per arm and look: 5,000 after 200 looks


def _pair(seed: int, share_t: float, share_c: float = BASE, runs: int = RUNS, step: int = STEP) -> Seen:
    rng = np.random.default_rng(seed)
    treatment = conversions(rng, share_t, runs=runs, step=step)
    return equal_arms(treatment, conversions(rng, share_c, runs=runs, step=step), step)


def _sequence(seen: Seen, tightest: float, alpha: float) -> Array:
    """P-values of the asymptotic confidence sequence."""
    return p_value(seen.z, tightest_at(tightest, alpha) ** 2 * seen.units)


def _mixture(seen: Seen, tau: float) -> Array:
    """tau^2 / V, however small V is in early looks."""
    return tau / np.maximum(seen.variance, 1e-12)


def _fixed(seen: Seen, alpha: float) -> float:
    return ever(np.abs(seen.z) > normal_quantile(alpha / 2.0))


@pytest.mark.parametrize("seed", [1, 2])
def test_false_positives_with_200_looks(seed: int) -> None:
    """The sequence and the mixture SPRT keep their level; the fixed test, looked at as often, does not."""
    seen = _pair(seed, BASE)
    assert upper(ever(_sequence(seen, 10_000, 0.05) < 0.05), RUNS) <= 0.05
    tau = frozen_tau(tightest_at(10_000, 0.05), BASE * (1.0 - BASE))
    assert upper(ever(p_value(seen.z, _mixture(seen, tau)) < 0.05), RUNS) <= 0.05
    assert _fixed(seen, 0.05) > 0.35


def test_a_chance_to_win_is_no_ground_for_a_decision() -> None:
    """With flat priors the chance to win is the z test's tail: at 95 % either way and 200 looks it is mostly wrong."""
    seen = _pair(1, BASE)
    n = STEP * LOOKS
    k_t, k_c = 660, 640
    z = difference(proportion(converted(k_t, n)), proportion(converted(k_c, n))).z
    assert chance_to_win(converted(k_t, n), converted(k_c, n)) == pytest.approx(1.0 - normal_tail(z), abs=1e-3)
    assert _fixed(seen, 0.10) > 0.6


@pytest.mark.parametrize("share", [BASE, BETTER])
def test_intervals_hold_the_truth_at_all_looks(share: float) -> None:
    """Coverage over all looks at once is at least 95 %; that of naive intervals is not near it."""
    seen = _pair(3, share)
    off = np.abs(seen.value - (share - BASE)) / np.sqrt(np.maximum(seen.variance, 1e-300))
    limit = boundary(tightest_at(10_000, 0.05) ** 2 * seen.units, 0.05)
    missed = (off > limit) & (seen.variance > 0.0)
    assert 1.0 - ever(missed) >= 0.95
    assert 1.0 - ever((off > normal_quantile(0.025)) & (seen.variance > 0.0)) < 0.7


def test_power() -> None:
    """Power by 1,000 to 5,000 units per arm is within 3 points of the reference's."""
    seen = _pair(4, BETTER)
    at = [39, 79, 119, 159, 199]
    expected = {
        (10_000, 0.05): [0.141, 0.540, 0.798, 0.922, 0.972],
        (5_000, 0.05): [0.216, 0.587, 0.813, 0.924, 0.971],
        (10_000, 0.025): [0.095, 0.445, 0.719, 0.877, 0.950],
        (5_000, 0.025): [0.153, 0.490, 0.736, 0.879, 0.950],
    }
    for (tightest, alpha), shares in expected.items():
        smallest = np.minimum.accumulate(_sequence(seen, tightest, alpha), axis=1)
        assert (smallest[:, at] < alpha).mean(axis=0) == pytest.approx(shares, abs=0.03)
    for alpha, shares in ((0.05, [0.562, 0.848, 0.954, 0.988, 0.998]), (0.025, [0.450, 0.774, 0.921, 0.975, 0.994])):
        found = np.abs(seen.z[:, at]) > normal_quantile(alpha / 2.0)
        assert found.mean(axis=0) == pytest.approx(shares, abs=0.03)


def test_the_estimate_at_stopping_is_optimistic() -> None:
    """Stopped at significance, the estimate is about a fifth too high: what is shown has to say so."""
    seen = _pair(5, BETTER)
    hits = _sequence(seen, 10_000, 0.05) < 0.05
    stopped = np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1] - 1)
    estimate = float(seen.value[np.arange(RUNS), stopped].mean())
    assert estimate == pytest.approx(0.0399, abs=0.002)


def test_three_arms() -> None:
    """Each of two treatments at half the level keeps the level of both; any naive win among them is common."""
    rng = np.random.default_rng(6)
    control, first, second = (conversions(rng, BASE, runs=RUNS, step=STEP) for _ in range(3))
    pairs = [equal_arms(arm, control, STEP) for arm in (first, second)]
    plan = Plan(Method.ALWAYS_VALID, arms=2)
    hits = [_sequence(seen, plan.tightest, plan.sequence_level) < plan.sequence_level for seen in pairs]
    assert upper(ever(hits[0] | hits[1]), RUNS) <= 0.05
    naive = [np.abs(seen.z) > normal_quantile(0.025) for seen in pairs]
    assert ever(naive[0] | naive[1]) > 0.5


@pytest.mark.parametrize("arms", [1, 2])
def test_hybrid(arms: int) -> None:
    """A sequence until the horizon and one test there keep the level together; their power is near the fixed test's."""
    runs, step = 10_000, 10
    rng = np.random.default_rng(7)
    plan = Plan(Method.HYBRID, arms=arms, horizon=200 * step)
    control = conversions(rng, BASE, runs=runs, step=step)

    def decided(share: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        seen = equal_arms(conversions(rng, share, runs=runs, step=step), control, step)
        sequence = (_sequence(seen, plan.tightest, plan.sequence_level) < plan.sequence_level).any(axis=1)
        at_horizon: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = 2.0 * normal_tail(np.abs(seen.z[:, -1])) < (
            plan.horizon_level
        )
        return sequence | at_horizon

    wrong = decided(BASE)
    for _ in range(arms - 1):
        wrong = wrong | decided(BASE)
    assert upper(float(wrong.mean()), runs) <= 0.05
    assert decided(BETTER).mean() == pytest.approx({1: 0.827, 2: 0.751}[arms], abs=0.03)


def test_group_sequential() -> None:
    """14 planned looks spend exactly the level."""
    runs = 10_000
    t, c = (conversions(np.random.default_rng(seed), BASE, runs=runs, step=350, looks=14) for seed in (8, 9))
    seen = equal_arms(t, c, 350)
    share = ever(np.abs(seen.z) > np.array(bounds(0.05, [k / 14 for k in range(1, 15)])))
    assert abs(share - 0.05) <= 3.0 * (0.05 * 0.95 / runs) ** 0.5


def test_few_tenants() -> None:
    """Twelve tenants, looked at 100 times: rows are tenants and t becomes z. Users as rows find what isn't there."""
    drawn = tenants(np.random.default_rng(10), runs=RUNS, looks=100, per_arm=6, step=4)
    seen = by_tenant(drawn)
    mixture = tightest_at(12, 0.05) ** 2 * seen.units
    assert upper(ever(p_value(normal_of_t(seen.z, 10.0), mixture) < 0.05), RUNS) <= 0.05
    assert ever(p_value(seen.z, mixture) < 0.05) > 0.05
    users = by_user(drawn)
    assert ever(p_value(users.z, tightest_at(float(users.units[0, -1]), 0.05) ** 2 * users.units) < 0.05) > 0.3


def test_the_simulated_tenants_are_the_look_at_tenants() -> None:
    """The harness's arithmetic over runs is that of `tenant_difference` and `tenant_look`."""
    drawn = tenants(np.random.default_rng(19), runs=2, looks=30, per_arm=6, step=40)
    seen = by_tenant(drawn)
    arms = [
        sums_of(list(drawn.conversions[1, 20, place]), list(drawn.users[1, 20, place]))
        for place in (slice(0, 6), slice(6, 12))
    ]
    of, rho = tenant_difference(*arms), tightest_at(12, 0.05)
    assert (of.value, of.variance) == pytest.approx((seen.value[1, 20], seen.variance[1, 20]))
    simulated = p_value(normal_of_t(seen.z, 10.0), rho * rho * seen.units)[1, 20]
    look = tenant_look(of, rho, 0.05)
    assert look.p == pytest.approx(simulated)
    assert look.interval.holds(0.0) is not (look.p < 0.05)


def test_ramped_allocation_under_drift() -> None:
    """
    Stratified by phase nothing is found where nothing is; arms pooled over phases differ by when they were seen.

    Looks count from the plan's fewest conversions on: an arm without any has no variance.
    """
    runs = ramped(np.random.default_rng(11), runs=RUNS)
    counted = runs.conversions >= Plan(Method.ALWAYS_VALID, arms=1).fewest_conversions
    tau = frozen_tau(tightest_at(10_000, 0.05), BASE * (1.0 - BASE))
    by_phase = p_value(runs.stratified.z, _mixture(runs.stratified, tau)) < 0.05
    assert upper(ever(by_phase & counted), RUNS) <= 0.05
    assert ever(by_phase) > 0.2
    assert ever((p_value(runs.pooled.z, _mixture(runs.pooled, tau)) < 0.05) & counted) > 0.2
    assert float((np.abs(runs.stratified.z[:, -1]) > normal_quantile(0.025)).mean()) == pytest.approx(0.05, abs=0.015)
    assert float((np.abs(runs.pooled.z[:, -1]) > normal_quantile(0.025)).mean()) > 0.4


def test_the_simulated_ramp_is_the_stratified_difference() -> None:
    """The harness's arithmetic over runs is that of `stratified`, so that its gates speak of it."""
    rng = np.random.default_rng(12)
    counts = [
        (int(rng.binomial(looks * t, share)), looks * t, int(rng.binomial(looks * (100 - t), share)), looks * (100 - t))
        for looks, t, share in RAMP
    ]
    phases = [(proportion(converted(k, n)), proportion(converted(j, m))) for k, n, j, m in counts]
    of = stratified(phases)
    weights = [n * m / (n + m) for _, n, _, m in counts]
    value = sum(w * difference(*pair).value for w, pair in zip(weights, phases, strict=True)) / sum(weights)
    variance = sum(w * w * difference(*pair).variance for w, pair in zip(weights, phases, strict=True))
    assert of.value == pytest.approx(value)
    assert of.variance == pytest.approx(variance / sum(weights) ** 2)
    assert of.units == 100 * sum(looks for looks, _, _ in RAMP)


def _alarms(rng: np.random.Generator, share: float, control: Array, alpha: float) -> Array:
    harmed = conversions(rng, share, runs=RUNS, step=STEP)
    seen = equal_arms(harmed, control, STEP)
    mixture = tightest_one_sided(5_000, alpha) ** 2 * seen.units
    enough = harmed + control >= FEWEST_EVENTS
    return np.where(enough, one_sided_p_value(seen.z, mixture), 1.0)


def test_harm_bounds() -> None:
    """Four guardrails of two arms raise few false alarms together; errors that double are found by 5,000 per arm."""
    rng = np.random.default_rng(13)
    alpha = level(0.05, guardrails=4, arms=2)
    wrong = np.zeros(RUNS, dtype=bool)
    for _ in range(4):
        control = conversions(rng, 0.02, runs=RUNS, step=STEP)
        for _ in range(2):
            wrong |= (_alarms(rng, 0.02, control, alpha) < alpha).any(axis=1)
    assert upper(float(wrong.mean()), RUNS) <= 0.05
    control = conversions(rng, 0.02, runs=RUNS, step=STEP)
    smallest = np.minimum.accumulate(_alarms(rng, 0.04, control, alpha), axis=1)
    found = (smallest[:, [39, 99, 199]] < alpha).mean(axis=0)
    assert found == pytest.approx([0.21, 0.80, 0.995], abs=0.04)
    assert found[-1] >= 0.95


def test_non_inferiority_looked_at_always() -> None:
    """A change that harms by just the margin passes rarely by the sequence, and often by a one-look test."""
    margin = 0.01
    seen = _pair(18, BASE + margin)
    off = (margin - seen.value) / np.sqrt(np.maximum(seen.variance, 1e-12))
    mixture = tightest_one_sided(10_000, 0.05) ** 2 * seen.units
    counted = seen.units >= 400
    assert upper(ever((off > one_sided_boundary(mixture, 0.05)) & counted), RUNS) <= 0.05
    assert ever((off > normal_quantile(0.05)) & counted) > 0.2
    row, at = 3, 150
    of = Difference(float(seen.value[row, at]), float(seen.variance[row, at]), int(seen.units[row, at]))
    passes = always_non_inferior(of, Better.LOWER, margin, 0.05, 10_000)
    assert passes == bool(off[row, at] > one_sided_boundary(mixture, 0.05)[row, at])


@pytest.mark.parametrize("share", [0.02, BASE])
def test_harm_bounds_of_a_small_canary(share: float) -> None:
    """5 % of the units, watched from the first on, for a drop and for a rise; plain variances raise the alarm."""
    rng = np.random.default_rng(17)
    alpha = level(0.05, guardrails=4, arms=2)
    n_t, n_c = 5.0 * np.arange(1.0, 201.0), 95.0 * np.arange(1.0, 201.0)
    t, c = (conversions(rng, share, runs=RUNS, step=step) for step in (5, 95))
    plain = proportions(t, c, n_t, n_c)
    both = (t + c) / (n_t + n_c)
    arms = [(t / n_t, n_t), (c / n_c, n_c)]
    variance = sum(np.maximum(p * (1.0 - p), both * (1.0 - both)) / n for p, n in arms)
    careful = Seen(plain.value, np.asarray(variance), plain.units)
    mixture = tightest_one_sided(5_000, alpha) ** 2 * plain.units

    def alarms(seen: Seen, sign: float) -> float:
        return ever((one_sided_p_value(sign * seen.z, mixture) < alpha) & (t + c >= FEWEST_EVENTS))

    assert upper(alarms(careful, -1.0), RUNS) <= 0.0125
    assert upper(alarms(careful, 1.0), RUNS) <= 0.0125
    assert alarms(plain, -1.0) > 0.1
    run, at = 7, 3
    k_t, k_c = int(t[run, at]), int(c[run, at])
    of = difference(*cautious(converted(k_t, int(n_t[at])), converted(k_c, int(n_c[at]))))
    assert of.variance == pytest.approx(careful.variance[run, at])


def test_sample_ratio_with_200_looks() -> None:
    """The Bayes factor keeps its level; chi-square looked at as often does not. A wrong split is found."""
    rng = np.random.default_rng(14)
    weights = np.array([0.5, 0.5])

    def counted(share: float, step: int) -> Array:
        first = conversions(rng, share, runs=RUNS, step=step)
        return np.stack([first, step * np.arange(1.0, 201.0) - first], axis=2)

    even = counted(0.5, 50)
    assert ever(log_bayes_factor(even, weights) > -np.log(0.01)) <= 0.01
    chi = (even[:, :, 0] - even[:, :, 1]) ** 2 / even.sum(axis=2)
    assert ever(chi_square_tail(chi, 1) < 0.01) > 0.08
    assert ever(log_bayes_factor(counted(0.52, 250), weights) > -np.log(0.001)) > 0.98


def test_repeated_exposures() -> None:
    """One row a unit keeps the level; units counted once for every exposure do not."""
    rng = np.random.default_rng(15)
    runs, n = 5_000, 500
    arms = []
    for _ in range(2):
        hit = rng.random((runs, n)) < BASE
        rows = 1 + rng.poisson(1.5, size=(runs, n))
        arms.append((hit.sum(axis=1, dtype=np.float64), (hit * rows).sum(axis=1), rows.sum(axis=1)))
    (first, k_t, n_t), (second, k_c, n_c) = arms
    once = equal_arms(first[:, None], second[:, None], n)
    limit = normal_quantile(0.025)
    assert abs(float((np.abs(once.z) > limit).mean()) - 0.05) <= 3.0 * (0.05 * 0.95 / runs) ** 0.5
    t, c = k_t / n_t, k_c / n_c
    z = (t - c) / np.sqrt(t * (1.0 - t) / n_t + c * (1.0 - c) / n_c)
    assert float((np.abs(z) > limit).mean()) > 0.2


def test_revenue() -> None:
    """Totals of few payers and a long tail, capped: 200 looks keep the level, a fixed test does not."""
    rng = np.random.default_rng(16)
    runs, step, cap = 500, 25, 250.0
    sums = []
    for _ in range(2):
        pays = rng.random((runs, 200, step)) < 0.05
        values = np.zeros(pays.shape)
        values[pays] = np.minimum(rng.lognormal(4.0, 1.5, size=int(pays.sum())), cap)
        y, yy = np.cumsum(values.sum(axis=2), axis=1), np.cumsum((values**2).sum(axis=2), axis=1)
        sums.append((y, yy))
    n = step * np.arange(1.0, 201.0)
    means = [y / n for y, _ in sums]
    variance = sum((yy - y * y / n) / (n - 1.0) / n for y, yy in sums)
    seen = Seen(means[0] - means[1], np.asarray(variance), np.broadcast_to(2.0 * n, means[0].shape))
    assert upper(ever(_sequence(seen, 10_000, 0.05) < 0.05), runs) <= 0.05
    assert _fixed(seen, 0.05) > 0.25
