"""Who took part: the first exposure of each unit, those who saw several variants left out and counted."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.metrics.experiments.statistics.sums import NONE, Sums, sums_of

CROSSOVER_SHARE: Final = 0.01
CROSSOVER_UNITS: Final = 10


@dataclass(frozen=True, slots=True)
class Exposure:
    """One exposure: the unit (a user or a tenant), its arm, when (seconds since the epoch), the phase of allocation."""

    unit: str
    arm: str
    at: float
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One event that a metric counts: whose, when, how much (1 for a count), and how much of its denominator."""

    unit: str
    at: float
    y: float = 1.0
    x: float = 0.0


@dataclass(frozen=True, slots=True)
class Participants:
    """
    First exposures by unit, and what was left out.

    `repeated` are further rows of the same unit; `crossovers` are units that saw more than one arm: they are not
    among the `units`. `nameless` are rows without a unit, `unknown` rows of arms that the experiment does not have.
    """

    units: Mapping[str, Exposure]
    repeated: int
    crossovers: int
    nameless: int
    unknown: int

    @property
    def crossover_share(self) -> float:
        """Crossovers in all units that were exposed."""
        exposed = len(self.units) + self.crossovers
        return self.crossovers / exposed if exposed else 0.0

    @property
    def unhealthy(self) -> bool:
        """Whether so many saw several variants that something is wrong with the assignment."""
        return self.crossovers >= CROSSOVER_UNITS and self.crossover_share > CROSSOVER_SHARE

    def counts(self, arms: Iterable[str]) -> list[int]:
        """Return the number of units of each arm, in the order of `arms`."""
        numbers = dict.fromkeys(arms, 0)
        for exposure in self.units.values():
            numbers[exposure.arm] += 1
        return list(numbers.values())


def participants(rows: Iterable[Exposure], arms: Iterable[str]) -> Participants:
    """
    Return who took part, whatever the order of the rows.

    A unit counts once, from its first exposure, in the phase of that exposure. Of two exposures at the same moment
    the one of the lower phase counts.
    """
    known = frozenset(arms)
    first: dict[str, Exposure] = {}
    several: set[str] = set()
    repeated = nameless = unknown = 0
    for row in rows:
        if not row.unit:
            nameless += 1
        elif row.arm not in known:
            unknown += 1
        elif (earlier := first.get(row.unit)) is None:
            first[row.unit] = row
        else:
            repeated += 1
            if row.arm != earlier.arm:
                several.add(row.unit)
            if (row.at, row.phase) < (earlier.at, earlier.phase):
                first[row.unit] = row
    units = {unit: row for unit, row in first.items() if unit not in several}
    return Participants(units, repeated, len(several), nameless, unknown)


def measured(
    taking_part: Participants,
    observations: Iterable[Observation],
    *,
    window: float,
    until: float,
    cap: float | None = None,
    once: bool = False,
) -> dict[tuple[int, str], Sums]:
    """
    Return the sums of a metric by phase and arm, over one total for each unit.

    A unit's events count from its first exposure on, for `window` seconds; units whose window is not over at `until`
    are left out, so that every unit was watched for the same time. With `once` a unit counts as 1 if it did it at all
    (a proportion). `cap` winsorises the totals from above: it is frozen at design. Units without events count as 0.

    Raises:
        ValueError: a window that is not positive, or values that are not finite.
    """
    if not window > 0.0:
        raise ValueError("window: is not positive")
    watched = {unit: row for unit, row in taking_part.units.items() if row.at + window <= until}
    totals: dict[str, tuple[float, float]] = {}
    for event in observations:
        if not (math.isfinite(event.y) and math.isfinite(event.x)):
            raise ValueError("y, x: an observation is not finite")
        exposure = watched.get(event.unit)
        if exposure is not None and exposure.at <= event.at < exposure.at + window:
            y, x = totals.get(event.unit, (0.0, 0.0))
            totals[event.unit] = (y + event.y, x + event.x)
    values: dict[tuple[int, str], tuple[list[float], list[float]]] = {}
    for unit, exposure in watched.items():
        y, x = totals.get(unit, (0.0, 0.0))
        if once:
            y = 1.0 if unit in totals else 0.0
        if cap is not None:
            y = min(y, cap)
        ys, xs = values.setdefault((exposure.phase, exposure.arm), ([], []))
        ys.append(y)
        xs.append(x)
    return {place: sums_of(ys, xs) if ys else NONE for place, (ys, xs) in values.items()}
