"""
How often are alerts wrong, and what do they find?

Tenants of 3, 20 and 200 events an hour at peak, four weeks each, with outages of four hours and spikes of four times
the usual hour. The sensitivity is what the service chooses by volume. Beside ours runs a rolling z-score, as a
control: it has to be wrong often and to see no outage, or the tenants are too easy.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from benchmarks.alert_scores import Score, score_alone, score_pooled, score_rolling, true_prior
from benchmarks.alert_tenants import Tenant, hard_tenant, money_tenant, plain_tenant, ratio_tenant
from benchmarks.measuring import median, report, still
from services.metrics.alerts.detection import Kind, Observation, Settings, State, judge, usual_prior
from services.metrics.alerts.detection.state import STATE_BYTES

PEAKS: Final = (3.0, 20.0, 200.0)
SEEDS: Final = (201, 202, 203)
"""None of them was looked at while the method was tuned."""
TENANTS: Final = 40
JUDGED: Final = 6_000
ROUNDS: Final = 5

Maker = Callable[[random.Random, float], Tenant]
Scorer = Callable[[Score, Sequence[Tenant]], None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenants", type=int, default=TENANTS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    arguments = parser.parse_args()
    still()
    given = Settings(prior=true_prior())
    flat = Settings()
    questions: dict[str, tuple[Maker, Scorer]] = {
        "plain, control: rolling z": (plain_tenant, score_rolling),
        "plain, prior given (true shape)": (plain_tenant, _alone(given)),
        "plain, prior learned from other tenants": (plain_tenant, score_pooled),
        "plain, no prior": (plain_tenant, _alone(flat)),
        "hard, Poisson noise, prior learned": (_hard(float("inf")), score_pooled),
        "hard, noise k = 15, prior learned": (_hard(15.0), score_pooled),
        "hard, noise k = 5, prior learned": (_hard(5.0), score_pooled),
        "money, prior given": (money_tenant, _alone(replace(given, kind=Kind.SUM))),
        "ratio, no prior": (ratio_tenant, _alone(Settings(kind=Kind.RATIO, prior=usual_prior(Kind.RATIO)))),
    }
    figures: dict[str, object] = {"tenants": arguments.tenants, "seeds": list(arguments.seeds)}
    for question, (make, score) in questions.items():
        figures[question] = {f"peak {peak:g}": _scored(make, score, peak, arguments) for peak in PEAKS}
    report("alerts: false alarms and what is found", figures | {"cost": _cost(given)})


def _scored(make: Maker, score: Scorer, peak: float, arguments: argparse.Namespace) -> dict[str, object]:
    total, each_seed = Score(), []
    for seed in arguments.seeds:
        source, alone = random.Random(f"{seed} {peak}"), Score()
        tenants = [make(source, peak) for _ in range(arguments.tenants)]
        score(alone, tenants)
        score_of_seed = (round(alone.false_alarms, 2), round(alone.outage_share, 3), round(alone.spike_share, 3))
        each_seed.append(score_of_seed)
        total.merge(alone)
    return total.figures() | {"each_seed": each_seed}


def _alone(settings: Settings) -> Scorer:
    return lambda score, tenants: score_alone(score, tenants, settings)


def _hard(k: float) -> Maker:
    return lambda source, peak: hard_tenant(source, peak, k)


def _cost(settings: Settings) -> dict[str, object]:
    """What an hour of 1,000 tenants with six metrics takes."""
    figures: dict[str, object] = {"state_bytes": STATE_BYTES}
    for peak in PEAKS:
        tenant = plain_tenant(random.Random(f"cost {peak}"), peak)
        state = State()
        for index, observation in enumerate(tenant.observations[:-1]):
            state, _ = judge(state, tenant.hour(index), observation, settings)
        hour, busy = tenant.hour(len(tenant.observations)), Observation(round(peak))
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            for _ in range(JUDGED):
                judge(state, hour, busy, settings)
            times.append(time.process_time() - start)
        figures[f"CPU seconds for {JUDGED} judgements, peak {peak:g}"] = median(times)
    return figures


if __name__ == "__main__":
    main()
