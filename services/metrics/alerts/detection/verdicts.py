"""What is judged, and what is said about it."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.metrics.alerts.detection import tails
from services.metrics.alerts.detection.settings import Kind


@dataclass(frozen=True, slots=True)
class Observation:
    """
    An hour of a metric.

    `value` is the count, the sum, or the successes of a ratio; `of` is what a ratio is divided by. `squares` and
    `minutes` are for sums: the sum of the squares of the sums of the minutes, from which the size of a sale is known,
    and in how many minutes something was sold.
    """

    value: int | float | Decimal
    of: int = 0
    squares: float | None = None
    minutes: int = 0

    @classmethod
    def of_minutes(cls, minutes: Iterable[Decimal]) -> Observation:
        """Return the observation of a sum, from the sums of the 60 minutes (those of nothing may be left out)."""
        amounts = list(minutes)
        filled = sum(each > 0 for each in amounts)
        return cls(sum(amounts, Decimal(0)), squares=sum(float(each) ** 2 for each in amounts), minutes=filled)


class Rule(enum.Enum):
    """Which rule has spoken."""

    NONE = "none"
    """Nothing unusual."""
    LEARNING = "learning"
    """Fewer than 24 hours were observed: too little is known to judge."""
    ABOVE = "above"
    BELOW = "below"
    GAP = "gap"
    THRESHOLD_ABOVE = "threshold_above"
    THRESHOLD_BELOW = "threshold_below"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    An hour judged, with everything that explains it.

    `value` is what was observed, `expected` (mu) and `bounds` are in the same units; for ratios all are successes out
    of `of`. `k` is the size of the negative binomial (for ratios the concentration), with the doubt about level and
    profile in it. `probability` is that of the rule that spoke, or of the nearer tail. `alarming` says that an
    episode opens or goes on; `normal` that the hour counts towards its end. In between neither holds.
    """

    hour: datetime
    kind: Kind
    value: int | float | Decimal
    of: int
    expected: float
    k: float
    probability: float
    rule: Rule
    alarming: bool
    normal: bool
    unit: float = 1.0
    """Of sums the effective amount of a sale, else 1."""
    level: float = 0.0
    """The tail (one-sided) below which the point rule speaks."""
    expected_gap: float = 0.0
    """Of the gap rule: how many events were expected since the last one."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """
        The lowest and the highest value that the point rule takes for usual; None when nothing was expected.

        Worked out when it is asked for, which most verdicts never are.
        """
        if not self.expected:
            return None
        if self.kind is Kind.RATIO:
            share, trials = self.expected / self.of, self.of
            lowest = _first(lambda x: tails.ratio_at_most(x, trials, share, self.k) >= self.level, trials)
            beyond = _first(lambda x: tails.ratio_at_least(x, trials, share, self.k) < self.level, trials + 1)
            return float(lowest), float(beyond - 1)
        mean = self.expected / self.unit
        lowest = _first(lambda x: tails.at_most(x, mean, self.k) >= self.level)
        beyond = _first(lambda x: tails.at_least(x, mean, self.k) < self.level)
        return lowest * self.unit, (beyond - 1) * self.unit


def _first(reached: Callable[[int], bool], most: int | None = None) -> int:
    """The first whole number for which a condition holds that goes on to hold; `most` when it never does before."""
    end = 1
    while (most is None or end < most) and not reached(end):
        end *= 2
    if most is not None:
        end = min(end, most)
    return bisect_left(range(end), True, key=reached)
