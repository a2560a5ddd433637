"""The statistics of what earns or loses money, against numbers that are had by other ways."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize

from services.metrics.analytics.reports.impact.logistic import fitted, sigmoid
from services.metrics.analytics.reports.impact.ranking import auc, auc_gain, brier, calibration
from services.metrics.analytics.reports.impact.regression import adjusted_difference, plain_difference
from services.metrics.analytics.reports.impact.strata import (
    SoFar,
    activity_classes,
    revenue_classes,
    strata_of,
)

Array = npt.NDArray[np.float64]


def drawn(seed: int, rows: int, columns: int = 3) -> tuple[Array, npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Covariates, an exposure that depends on them, and groups, drawn by lot."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(rows, columns)) * np.array([1.0, 5.0, 0.2][:columns]) + 2
    exposed = chance.random(rows) < sigmoid(features[:, 0] - 2)
    return features, exposed, chance.integers(0, 4, rows)


def test_logistic_is_the_minimum_that_an_optimiser_finds() -> None:
    """The penalty is on standardised coefficients, not on the intercept; what does not vary counts for nothing."""
    features, happened, _ = drawn(1, 300)
    model = fitted(np.column_stack([features, np.full(300, 7.0)]), happened, penalty=3.0)
    z = (features - features.mean(axis=0)) / features.std(axis=0)

    def loss(at: Array) -> float:
        log_odds = at[0] + z @ at[1:]
        return float((np.logaddexp(0, log_odds) - happened * log_odds).sum() + 3.0 / 2 * (at[1:] ** 2).sum())

    found = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
    assert [model.intercept, *model.coefficients] == pytest.approx([*found, 0.0], abs=1e-5)
    rows = np.column_stack([features, np.full(300, 9.0)])[:5]
    expected = sigmoid(found[0] + z[:5] @ found[1:])
    assert model.probabilities(rows) == pytest.approx(expected, abs=1e-5)
    assert model.contributions(rows)[:, 3] == pytest.approx(np.zeros(5))


def test_logistic_of_what_can_be_told_apart_perfectly() -> None:
    """The penalty keeps coefficients finite, also of columns that are copies of each other."""
    column = np.arange(40.0)
    model = fitted(np.column_stack([column, column]), column >= 30)
    assert model.coefficients[0] == pytest.approx(model.coefficients[1])
    assert 0.5 < model.probabilities(np.array([[39.0, 39.0]]))[0] < 1


def test_logistic_does_not_reach_beyond_what_it_knows() -> None:
    """A feature that hardly varied where the model was fitted, and is another one later, does not take over."""
    features, happened, _ = drawn(8, 200)
    hardly = 3 + np.arange(200) * 1e-10
    model = fitted(np.column_stack([features, hardly]), happened)
    later = np.column_stack([features, np.full(200, 4.0)])
    without = fitted(features, happened)
    assert np.abs(model.contributions(later)[:, 3]).max() < 0.5
    assert np.corrcoef(model.probabilities(later), without.probabilities(features))[0, 1] > 0.98
    assert model.contributions(np.full((1, 4), 1e9))[0, :3] == pytest.approx(
        model.coefficients[:3] * (features.max(axis=0) - model.mean[:3]) / model.spread[:3]
    )


def test_area_is_the_share_of_pairs_in_order() -> None:
    """Pairs are counted one by one; ties count half."""
    chance = np.random.default_rng(2)
    scores, happened = chance.integers(0, 6, 60).astype(float), chance.random(60) < 0.3
    pairs = [(one, other) for one in scores[happened] for other in scores[~happened]]
    expected = sum((one > other) + (one == other) / 2 for one, other in pairs) / len(pairs)
    found = auc(scores, happened)
    assert found.value == pytest.approx(expected)
    assert found.low < expected < found.high
    assert auc_gain(scores, scores, happened) == (0, 0, 0)
    assert auc_gain(scores, -scores, happened)[0] == pytest.approx(2 * expected - 1)
    assert auc(happened.astype(float), happened).value == 1


def test_interval_of_the_area_holds_it_as_often_as_it_says() -> None:
    """Scores that are normal with means one apart have an area of 0.760 (the normal distribution at 1 by root 2)."""
    chance = np.random.default_rng(3)
    happened = np.repeat([True, False], [60, 140])
    held = 0
    for _ in range(1_000):
        found = auc(chance.normal(size=200) + happened, happened)
        held += found.low <= 0.76025 <= found.high
    assert 925 <= held <= 970


def test_calibration() -> None:
    """Rows are in the order of what was predicted, and count everybody once."""
    probabilities = np.array([0.9, 0.1, 0.2, 0.8, 0.7])
    happened = np.array([True, False, True, True, False])
    rows = calibration(probabilities, happened, 2)
    assert [(row.count, row.happened) for row in rows] == [(3, 1), (2, 2)]
    assert [row.predicted for row in rows] == pytest.approx([1 / 3, 0.85])
    assert all(row.low <= row.observed <= row.high for row in rows)
    assert brier(probabilities, happened) == pytest.approx((0.01 + 0.01 + 0.64 + 0.04 + 0.49) / 5)


def test_adjusted_difference_is_least_squares_with_robust_errors() -> None:
    """The same as by the textbook's formula with all constants written out, and columns that say nothing new."""
    covariates, exposed, group = drawn(4, 120)
    chance = np.random.default_rng(5)
    outcome = 2 * exposed + covariates @ np.array([1.0, -0.5, 3.0]) + group + chance.exponential(size=120) * (1 + group)
    design = np.column_stack([exposed, covariates, group[:, None] == np.arange(4)]).astype(float)
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ outcome
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = (outcome - design @ coefficients) / (1 - leverage)
    error = np.sqrt((inverse @ (design.T * residual**2) @ design @ inverse)[0, 0])
    with_copy = np.column_stack([covariates, covariates[:, 0] * 3, np.full(120, 5.0)])
    found = adjusted_difference(outcome, exposed, with_copy, group)
    assert found is not None
    assert found.value == pytest.approx(coefficients[0])
    assert (found.high - found.low) / 2 == pytest.approx(1.959963985 * error)
    alone = adjusted_difference(
        np.append(outcome, 1e6), np.append(exposed, True), np.vstack([with_copy, with_copy[:1]]), np.append(group, 4)
    )
    assert alone is not None
    assert alone.value == pytest.approx(found.value), "who is alone in a group says nothing"


def test_nothing_to_compare() -> None:
    """Without anybody on one side, or with an exposure that is a covariate, there is no difference to tell."""
    covariates, exposed, group = drawn(6, 50)
    outcome = covariates[:, 1]
    assert adjusted_difference(outcome, exposed, np.column_stack([covariates, exposed]), group) is None
    assert adjusted_difference(outcome, np.ones(50, bool), covariates, group) is None
    assert adjusted_difference(outcome[:0], exposed[:0], covariates[:0], group[:0]) is None
    assert plain_difference(outcome, np.ones(50, bool)) is None


def test_plain_difference() -> None:
    """Two means with their own variances."""
    found = plain_difference(np.array([1.0, 3.0, 10.0, 10.0, 13.0]), np.array([True, True, False, False, False]))
    assert found is not None
    assert found.value == pytest.approx(-9)
    assert found.high - found.value == pytest.approx(1.959963985 * np.sqrt(2 / 2 + 3 / 3))


def test_strata() -> None:
    """Equal units are in one class, and a stratum is compared when it has five of either kind."""
    activity = np.repeat([0, 0, 0, 5, 9], 10)
    assert activity_classes(activity, 5).tolist() == np.repeat([0, 0, 0, 1, 2], 10).tolist()
    sales = np.repeat([0, 1], 25)
    revenue = np.where(sales, np.arange(50.0), 0)
    so_far = revenue_classes(sales, revenue)
    assert np.bincount(so_far).tolist() == [25, 13, 12]
    exposed = np.arange(50) % 2 == 0
    exposed[40:] = False
    strata, place = strata_of(activity, activity_classes(activity, 5), so_far, exposed, revenue * 2)
    assert sum(each.users + each.others for each in strata) == len(place) == 50
    assert (strata[0].least_activity, strata[0].most_activity, strata[0].so_far) == (0, 0, SoFar.NONE)
    assert (strata[0].users, strata[0].others, strata[0].users_mean, strata[0].compared) == (13, 12, 0.0, True)
    last = strata[-1]
    assert (last.so_far, last.users, last.users_mean, last.others, last.compared) == (SoFar.UPPER, 0, None, 10, False)
