"""What alerts promise: few false alarms, and outages and spikes that are found, at every volume."""

import random

import pytest

from benchmarks.alert_scores import Score, score_alone, score_pooled, score_rolling, true_prior
from benchmarks.alert_tenants import plain_tenant
from services.metrics.alerts.detection import Settings

SEEDS = (31, 32)
TENANTS = 8


@pytest.mark.parametrize("peak", [3.0, 20.0, 200.0])
def test_alerts_keep_their_promise_at_every_volume(peak: float) -> None:
    """
    At most one false alarm in a tenant-week, at least 80 % of outages of four hours and of spikes of four times, with
    the sensitivity that is chosen by volume: with the shape of the week known, and with one that is learned from
    others.

    The control shows that this is not because the tenants are easy.
    """
    control, known, learned = Score(), Score(), Score()
    for seed in SEEDS:
        source = random.Random(f"{seed} {peak}")
        tenants = [plain_tenant(source, peak) for _ in range(TENANTS)]
        score_rolling(control, tenants)
        score_alone(known, tenants, Settings(prior=true_prior()))
    score_pooled(learned, tenants)
    assert control.false_alarms > 3.0
    assert control.outage_share == 0.0
    for score in (known, learned):
        assert score.false_alarms <= 1.0
        assert score.outage_share >= 0.8
        assert score.spike_share >= 0.8
