"""What is judged, and what is said about it."""

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.metrics.alerts.detection.settings import Kind


@dataclass(frozen=True, slots=True)
class Observation:
    """
    An hour of a metric.

    `value` is the count, the sum, or the successes of a ratio; `of` is what a ratio is divided by. `squares` is for
    sums: the sum of the squares of the sums of the minutes, by which the size of a sale is known
    (`amounts.of_minutes` adds it up).
    """

    value: int | float | Decimal
    of: int = 0
    squares: float | None = None


class Rule(enum.Enum):
    """Which rule has spoken."""

    NONE = "none"
    """Nothing unusual."""
    LEARNING = "learning"
    """Too little is known to judge: fewer than 24 observed hours, or a time of the week that nobody has seen yet."""
    ABOVE = "above"
    BELOW = "below"
    GAP = "gap"
    THRESHOLD_ABOVE = "threshold_above"
    THRESHOLD_BELOW = "threshold_below"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    An hour judged, with everything that explains it.

    `value` is what was observed, `expected` (mu), `lowest` and `highest` (what would not have been told by the point
    rule) are in the same units; for ratios all are successes out of `of`. `k` is the size of the negative binomial
    (for ratios the concentration), with the doubt about level and profile in it. `probability` is that of the rule
    that spoke, or of the nearer tail. `alarming` says that an episode opens or goes on; `normal` that the hour counts
    towards its end. In between neither holds.
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
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value that the point rule takes for usual."""
        raise NotImplementedError
