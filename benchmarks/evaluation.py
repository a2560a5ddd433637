"""
How long does one evaluation take, beside other SDKs that evaluate in the process?

Four flags, 1,000 prepared users in rotation. All evaluators run in one process on one core, in a new random order
every round; ratios are between figures of the same round. Needs the packages of benchmarks/peers.lock, which
`make bench-evaluation` installs. Nothing here uses a network.
"""

import random
from collections import Counter
from importlib import import_module

from benchmarks.evaluators.cases import CASES
from benchmarks.measuring import median, report, seconds, spread, still

EVALUATORS = ("floor", "mirante", "launchdarkly", "growthbook", "posthog", "statsig")
ROUNDS = 15
PASSES = 3


def main() -> None:
    """Measure and print."""
    modules = {name: import_module(f"benchmarks.evaluators.{name}") for name in EVALUATORS}
    prepared = {name: module.prepare() for name, module in modules.items()}
    still()
    times: dict[tuple[str, str], list[float]] = {}
    order = [(name, case) for name in EVALUATORS for case in CASES]
    for measured in [False] + [True] * ROUNDS:
        random.shuffle(order)
        for name, case in order:
            users, asks = prepared[name]
            ask = asks[case]

            def work(ask=ask, users=users) -> None:  # type: ignore[no-untyped-def]
                for _ in range(PASSES):
                    for user in users:
                        ask(user)

            took = seconds(work) / (PASSES * len(users)) * 1e9
            if measured:
                times.setdefault((name, case), []).append(took)
    figures: dict[str, object] = {"rounds": ROUNDS, "unit": "ns per evaluation"}
    for name, module in modules.items():
        figures[name] = {"version": module.VERSION} | {
            case: {
                "median": median(times[name, case]),
                "spread": spread(times[name, case]),
                "times_mirante": median(
                    [other / own for other, own in zip(times[name, case], times["mirante", case], strict=True)]
                ),
            }
            for case in CASES
        }
    users, asks = prepared["mirante"]
    figures["mirante_over_floor"] = {
        case: median([own / floor for own, floor in zip(times["mirante", case], times["floor", case], strict=True)])
        for case in CASES
    }
    figures["mirante_shares"] = {case: Counter(asks[case](user).variant for user in users) for case in CASES[2:]}
    report("in-process evaluation with details", figures)


if __name__ == "__main__":
    main()
