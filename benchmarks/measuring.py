"""What every benchmark shares: a still process, repeated rounds, medians, and one JSON object at the end."""

import gc
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence


def still(core: int | None = 0) -> None:
    """Pin this process to one core (where the system can) and keep the garbage collector out of timed windows."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        available = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {available[core % len(available)]})
    gc.collect()
    gc.freeze()


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(values: Sequence[float]) -> float:
    """Return the median, rounded to what a noisy machine can tell."""
    return float(f"{statistics.median(values):.4g}")


def spread(values: Sequence[float]) -> list[float]:
    """Return the smallest and largest value."""
    return [float(f"{min(values):.4g}"), float(f"{max(values):.4g}")]


def ratio_interval(values: Sequence[float], seed: int = 1) -> list[float]:
    """Return the 95 % bootstrap interval of the median (percentile method, Efron 1979)."""
    source = random.Random(seed)
    medians = sorted(statistics.median(source.choices(values, k=len(values))) for _ in range(2_000))
    return [float(f"{medians[49]:.4g}"), float(f"{medians[1_949]:.4g}")]


def report(question: str, figures: dict[str, object]) -> None:
    """Print the result."""
    print(json.dumps({"question": question, "cores": os.cpu_count(), **figures}, indent=2))
