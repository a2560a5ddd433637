"""What can be set about the judgement of a metric."""

import enum
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from services.metrics.alerts.detection.prior import FLAT_PRIOR, Prior


class Kind(enum.Enum):
    """What the hours of a metric are."""

    COUNT = "count"
    """A whole number: events, or the people of an hour."""
    SUM = "sum"
    """A decimal sum, such as money; judged in effective sales, see `families.py`."""
    RATIO = "ratio"
    """So many of so many."""


class Direction(enum.Enum):
    """Which surprises are told."""

    BOTH = "both"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """
    How improbable an hour must be.

    `point` is the probability of both tails together, `gap` that of no event at all in a gap. An open episode closes
    at a looser level: after hours whose tail is above `point / 2 * close`.
    """

    point: float
    gap: float
    close: float = 5.0

    def __post_init__(self) -> None:
        """
        Check what has bounds.

        Raises:
            ValueError: a field is out of its bounds.
        """
        if not 0.0 <= self.point < 1.0 or not 0.0 <= self.gap < 1.0:
            raise ValueError("point, gap: must be probabilities below 1")
        if self.close < 1.0:
            raise ValueError("close: must be at least 1, an alarm does not end where it begins")


SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How the hours of a metric of a tenant are judged.

    `sensitivity` None: chosen by volume. `persistence` is for how many hours in a row the point rule has to hold; the
    gap rule never waits. The point rule is silent when the hour is nearer to what was expected than `minimum_count`
    events (of sums effective sales, of ratios successes) or than `minimum_share` of it.

    `holidays` are days of the tenant beside the national ones of Brazil (left out with `national_holidays` False); a
    holiday is read as the weekday `closed_weekday` (0 is Monday).

    `prior` is the one that was learned from other tenants; without them `usual_prior` of the kind.
    """

    kind: Kind = Kind.COUNT
    zone: ZoneInfo = SAO_PAULO
    national_holidays: bool = True
    holidays: frozenset[date] = frozenset()
    closed_weekday: int = SUNDAY
    direction: Direction = Direction.BOTH
    sensitivity: Sensitivity | None = None
    persistence: int = 1
    minimum_count: float = 3.0
    minimum_share: float = 0.0
    prior: Prior = FLAT_PRIOR

    def __post_init__(self) -> None:
        """
        Check what has bounds.

        Raises:
            ValueError: a field is out of its bounds.
        """
        if not 0 <= self.closed_weekday <= SUNDAY:
            raise ValueError(f"closed_weekday: must be from 0 to {SUNDAY}")
        if self.persistence < 1:
            raise ValueError("persistence: must be at least 1")
        if self.minimum_count < 0.0 or self.minimum_share < 0.0:
            raise ValueError("minimum_count, minimum_share: must not be negative")
