"""Cases worked out with established statistics packages (`oracle.json` says which), and how answers are compared."""

import json
import math
from pathlib import Path
from typing import Any

from services.metrics.experiments.statistics.intervals import Interval
from services.metrics.experiments.statistics.sums import Sums, converted

CASES: dict[str, dict[str, Any]] = {  # Any: each case has fields of its own
    case["name"]: case for case in json.loads(Path(__file__).with_name("oracle.json").read_text())
}


def pair(counts: list[int]) -> Sums:
    """Return the sums of an arm given as [successes, units]."""
    return converted(counts[0], counts[1])


def moments(arm: dict[str, float], y: str, x: str, products: str) -> Sums:
    """Return the sums of an arm given by its moments."""
    n = int(arm["n"])
    return Sums(n, arm[f"sum_{y}"], arm[f"ss_{y}"], arm[f"sum_{x}"], arm[f"ss_{x}"], arm[f"sp_{products}"])


def limits(interval: Interval) -> list[float | None]:
    """Return an interval as the cases write it: null is an open side."""
    return [side if math.isfinite(side) else None for side in (interval.lower, interval.upper)]


def assert_same(got: object, expected: object, within: float = 1e-6) -> None:
    """Assert that all agrees: numbers to a relative 1e-6 (absolute 1e-9 where 0 is expected), the rest exactly."""
    if isinstance(expected, dict):
        assert isinstance(got, dict)
        assert got.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(got[key], value, within)
    elif isinstance(expected, list):
        assert isinstance(got, list)
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other, within)
    elif isinstance(expected, float) or (isinstance(expected, int) and not isinstance(expected, bool)):
        assert isinstance(got, float | int)
        assert abs(got - expected) <= (within * abs(expected) if expected else 1e-9), (got, expected)
    else:
        assert got == expected
