"""Tail probabilities: against cases worked out by hand, and against plain sums."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.alerts.detection import tails
from services.metrics.alerts.detection.deciding import gap_probability
from services.metrics.alerts.detection.state import NO_GAP, Gap


def test_the_negative_binomial_by_hand() -> None:
    """
    Mean 4, size 2: P(0) = (2/6)^2 = 3/27, P(1) = P(0) * 4/6 * 2 = 4/27, P(2) = P(1) * 4/6 * 3/2 = 4/27.
    """
    assert tails.at_most(0, 4.0, 2.0) == pytest.approx(3 / 27)
    assert tails.at_most(2, 4.0, 2.0) == pytest.approx(11 / 27)
    assert tails.at_least(2, 4.0, 2.0) == pytest.approx(20 / 27)
    assert tails.at_least(0, 4.0, 2.0) == 1.0


def test_the_beta_binomial_by_hand() -> None:
    """Two trials with a uniform share (alpha = beta = 1): 0, 1 and 2 successes are as probable."""
    assert tails.ratio_at_most(0, 2, 0.5, 2.0) == pytest.approx(1 / 3)
    assert tails.ratio_at_least(1, 2, 0.5, 2.0) == pytest.approx(2 / 3)
    assert tails.ratio_at_least(3, 2, 0.5, 2.0) == 0.0
    assert math.exp(-tails.ratio_silence(2, 0.5, 2.0)) == pytest.approx(1 / 3)


def test_the_gap_by_hand() -> None:
    """12 events expected, doubted like a Gamma of size 4: (1 + 12/4)^-4 = 1/256. No gap is certain."""
    assert gap_probability(Gap(12.0, 12.0, 12.0 / 4)) == pytest.approx(1 / 256)
    assert gap_probability(NO_GAP) == 1.0


@given(st.integers(0, 400), st.floats(0.02, 300.0), st.floats(0.3, 50.0))
def test_tails_are_the_sums_of_their_terms(x: int, mean: float, k: float) -> None:
    """The recursion of the definition, added up, is what the incomplete beta function says."""
    term = total = math.exp(k * math.log(k / (k + mean)))
    for i in range(1, x + 1):
        term *= mean / (k + mean) * (k + i - 1) / i
        total += term
    assert tails.at_most(x, mean, k) == pytest.approx(total, abs=1e-9)
    assert tails.at_least(x + 1, mean, k) == pytest.approx(1.0 - total, abs=1e-9)


@given(st.integers(1, 300), st.floats(0.001, 0.999), st.floats(0.5, 500.0), st.data())
def test_what_is_at_most_and_what_is_more_are_everything(
    trials: int, share: float, concentration: float, data: st.DataObject
) -> None:
    """Both tails of a ratio add up to 1."""
    x = data.draw(st.integers(0, trials))
    both = tails.ratio_at_most(x, trials, share, concentration) + tails.ratio_at_least(
        x + 1, trials, share, concentration
    )
    assert both == pytest.approx(1.0, abs=1e-8)


def test_a_million_trials_are_judged_like_a_few_thousand() -> None:
    """The work is bounded, and nothing becomes more improbable than it is."""
    many = tails.ratio_at_least(250_000, 1_000_000, 0.2, 200.0)
    assert many == pytest.approx(tails.ratio_at_least(1_250, 5_000, 0.2, 200.0))
