"""What do 10,000 flags cost: to compile, to hold, and to replace one of?"""

import gc
import os
import time

import psutil
from mirante import evaluation
from mirante.evaluation.model import (
    Bucketing,
    Condition,
    Flag,
    FlagType,
    Operator,
    Rollout,
    Rule,
    Split,
    Stamp,
)

from benchmarks.evaluators.cases import COVERAGE_SALT, SALT
from benchmarks.measuring import median, report, seconds, spread

FLAGS = 10_000
ROUNDS = 7


def definitions(count: int) -> list[Flag]:
    """Return flags with a rule of two conditions and a percentage."""
    share = Rollout((Split("on", 25_000), Split("off", 75_000)))
    return [
        Flag(
            key=f"flag_{number}",
            type=FlagType.BOOL,
            variants={"on": True, "off": False},
            off_variant="off",
            fallthrough=share,
            bucketing=Bucketing(f"{SALT}{number}", f"{COVERAGE_SALT}{number}"),
            rules=(
                Rule(
                    f"rule_{number}",
                    (
                        Condition("plan", Operator.IN, ("premium", f"plano_{number}")),
                        Condition("regiao", Operator.IN, ("Sul",)),
                    ),
                    "on",
                ),
            ),
        )
        for number in range(count)
    ]


def main() -> None:
    """Measure and print."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    process = psutil.Process()
    flags = definitions(FLAGS)
    gc.collect()
    before = process.memory_info().rss
    ruleset = evaluation.compile(flags, [], Stamp(1))
    memory = (process.memory_info().rss - before) / 2**20
    compiling = [seconds(lambda: evaluation.compile(flags, [], Stamp(1))) for _ in range(ROUNDS)]
    one = [_replace(ruleset, flags[:1]) for _ in range(200)]
    hundred = [_replace(ruleset, flags[:100]) for _ in range(50)]
    report(
        "10,000 flags",
        {
            "flags": FLAGS,
            "compile_seconds": {"median": median(compiling), "spread": spread(compiling)},
            "memory_mib": round(memory, 1),
            "replace_one_microseconds": {"median": median(one), "spread": spread(one)},
            "replace_hundred_microseconds": {"median": median(hundred), "spread": spread(hundred)},
        },
    )


def _replace(ruleset: evaluation.Ruleset, flags: list[Flag]) -> float:
    start = time.perf_counter()
    ruleset.replaced(stamp=Stamp(2), flags=flags)
    return (time.perf_counter() - start) * 1e6


if __name__ == "__main__":
    main()
