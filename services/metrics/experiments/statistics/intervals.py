"""An interval, which may be open on either side."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Interval:
    """From `lower` to `upper`. When `lower` is above `upper` it is empty."""

    lower: float
    upper: float

    @property
    def empty(self) -> bool:
        """Whether nothing lies in it."""
        return self.lower > self.upper

    def holds(self, value: float) -> bool:
        """Return whether the value lies in it."""
        return self.lower <= value <= self.upper


EVERYTHING: Final = Interval(-math.inf, math.inf)


def around(value: float, half: float) -> Interval:
    """Return the interval `value` plus and minus `half`."""
    return Interval(value - half, value + half)
