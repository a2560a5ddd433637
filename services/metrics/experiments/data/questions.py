"""What the store is asked about an experiment: plain data. Times are microseconds since 1970, UTC."""

from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.reports.asking import Property, Selection
from services.metrics.experiments.statistics.comparing import Kind

DAY: Final = 86_400 * 1_000_000
LARGEST: Final = 1e15
"""Numbers of events beyond it, either way, are mistakes of whoever sent them: they are not counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    Events that a metric adds up.

    Attributes:
        selection: which.
        property: what is added up; None: 1 for each. Events without such a number add nothing.
        sign: -1 takes it back.
        is_denominator: adds to what is divided by.
    """

    selection: Selection
    property: Property | None = None
    sign: float = 1.0
    is_denominator: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """
    A metric of units.

    Attributes:
        key: its name.
        kind: what its sums are.
        parts: what is added up.
        window: from the first exposure on, exclusive; microseconds.
        cap: totals above it count as it; None: as they are.
        covariate: for so long before the exposure the same is added up as the covariate; 0: not.
    """

    key: str
    kind: Kind
    parts: tuple[Part, ...]
    window: int
    cap: float | None = None
    covariate: int = 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """
    Who takes part.

    Attributes:
        arms: the exposures of each arm; at most 10.
        all: those of all arms, and of what is none.
        start, end: only exposures from the one on and before the other.
        phases: when each phase of allocation began, ascending; the first one is `start`.
        pauses: from and until; who is exposed first in one does not take part.
        by_tenant: units are tenants, not users.
        breakdown: a property of exposures whose value at the first one splits users.
    """

    arms: tuple[Selection, ...]
    all: Selection
    start: int
    end: int
    phases: tuple[int, ...]
    pauses: tuple[tuple[int, int], ...] = ()
    by_tenant: bool = False
    breakdown: Property | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """
    All of it.

    Attributes:
        enrolment: who takes part.
        metrics: what is measured.
        until: what is known up to there; units whose window is not over by then do not count yet.
    """

    enrolment: Enrolment
    metrics: tuple[Metric, ...]
    until: int

    @property
    def days(self) -> int:
        """How many looks there are: the end of each full day since the start, and now."""
        return max(-(-(self.until - self.enrolment.start) // DAY), 1)

    def look_at(self, day: int) -> int:
        """Return when a look was."""
        return min(self.enrolment.start + (day + 1) * DAY, self.until)
