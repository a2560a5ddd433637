"""The pooled prior."""

import random

import pytest

from benchmarks.alert_tenants import DAY, plain_shape, plain_tenant
from services.metrics.alerts.detection import FLAT_PRIOR, Prior, Settings, State, adopt_prior, learn_prior
from services.metrics.alerts.detection.expecting import shape_of
from tests.unit.metrics_alerts_detection.histories import judged

WEEK = 7 * DAY


def states(tenants: int, hours: int) -> list[State]:
    """Return states of tenants of different sizes with the same week."""
    source = random.Random(5)
    return [
        judged([each.value for each in plain_tenant(source, 10.0 * (i + 1)).observations[:hours]], Settings())[0]  # type: ignore[misc]
        for i in range(tenants)
    ]


def test_the_shape_of_the_week_is_learned_whatever_the_size_of_the_tenants() -> None:
    """Within chance it is the true one, and it is worth more than nothing."""
    prior = learn_prior(states(8, 21 * DAY))
    true = [plain_shape(weekday, hour) for weekday in range(7) for hour in range(DAY)]
    mean = sum(true) / WEEK
    assert sum(prior.shape) / WEEK == pytest.approx(1.0, abs=0.01)
    for slot in (12, 4 * DAY + 9, 5 * DAY + 14):
        assert prior.shape[slot] == pytest.approx(true[slot] / mean, rel=0.2)
        assert prior.strength[slot] > 4 * FLAT_PRIOR.strength[slot]
    assert prior.shape[6 * DAY + 12] < 0.2


def test_what_nobody_has_seen_yet_stays_in_doubt() -> None:
    """On the sixth day no tenant has had a Sunday: its hours are worth little, those of Friday much."""
    prior = learn_prior(states(8, 5 * DAY))
    assert prior.strength[6 * DAY + 12] == pytest.approx(FLAT_PRIOR.strength[12], rel=0.2)
    assert prior.strength[4 * DAY + 12] > 3.0


def test_too_few_tenants_are_no_pool() -> None:
    """Two tenants, or any number that know nothing yet, teach nothing."""
    assert learn_prior(states(2, 7 * DAY)) is FLAT_PRIOR
    assert learn_prior([State()] * 20) is FLAT_PRIOR


def test_a_state_expects_the_same_under_another_prior() -> None:
    """In the mean over the hours that it knows; the scale of a prior means nothing."""
    (state,) = states(1, 21 * DAY)
    doubled = Prior(tuple(2.0 * each for each in FLAT_PRIOR.shape), FLAT_PRIOR.strength)
    adopted = adopt_prior(state, FLAT_PRIOR, doubled)

    def expected(state: State, prior: Prior) -> float:
        weights = state.evidence[1::2]
        return sum(state.level * shape_of(state, slot, prior)[0] * weights[slot] for slot in range(WEEK))

    assert expected(adopted, doubled) == pytest.approx(expected(state, FLAT_PRIOR), rel=0.02)


def test_a_prior_is_a_whole_week() -> None:
    """Any other length is refused."""
    with pytest.raises(ValueError, match="168"):
        Prior((1.0,) * 24, (1.0,) * 24)
