"""The uncertainty of shares. All intervals are of 95 %. Pure."""

import math
from typing import Final

Z: Final = 1.959963984540054
"""Of the standard normal distribution, 2.5 % lie beyond it on either side."""


def newcombe(here: tuple[int, int], rest: tuple[int, int]) -> tuple[float, float]:
    """Return the interval of the difference of two shares, each as (part, whole), of something."""
    (low, high), (rest_low, rest_high) = wilson(*here), wilson(*rest)
    rate, rest_rate = here[0] / here[1], rest[0] / rest[1]
    difference = rate - rest_rate
    return (
        difference - math.hypot(rate - low, rest_high - rest_rate),
        difference + math.hypot(high - rate, rest_rate - rest_low),
    )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Return the score interval of a share of something."""
    rate, square = part / whole, Z * Z
    middle = (rate + square / (2 * whole)) / (1 + square / whole)
    half = Z * math.sqrt(rate * (1 - rate) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return max(middle - half, 0.0), min(middle + half, 1.0)
