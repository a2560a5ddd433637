"""Who took part, of one stretch of events: first exposures, with all that is left out counted. Vectorised, pure."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.reading import Integers, Stretch
from services.metrics.experiments.data.questions import Enrolment

NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Exposures and units that were left out; they add up over stretches. See `statistics.exposures.Participants`.

    Crossovers saw several arms in one phase of allocation: the draw is not stable. Who was moved saw another arm in a
    later phase, because weights were changed: they stay with their first arm, or else those who come again would be
    missing from the arms that were made smaller.
    """

    repeated: int = 0
    crossovers: int = 0
    nameless: int = 0
    unknown: int = 0
    in_pauses: int = 0
    moved: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.repeated + other.repeated,
            self.crossovers + other.crossovers,
            self.nameless + other.nameless,
            self.unknown + other.unknown,
            self.in_pauses + other.in_pauses,
            self.moved + other.moved,
        )


@dataclass(frozen=True, slots=True)
class Exposed:
    """
    Actors that were exposed to an arm.

    Attributes:
        at: when first, of each actor of the stretch; NEVER for who was not exposed.
        seen: the arms that each actor saw in each phase, a bit each.
        rows: of exposed actors: their first exposure's place in the stretch, ascending.
        actors: of exposed actors, the index in the stretch.
        again: further exposures to arms, of all actors.
    """

    at: Integers
    seen: npt.NDArray[np.uint16]
    rows: npt.NDArray[Any]
    actors: Integers
    again: int


def exposed(stretch: Stretch, enrolment: Enrolment) -> tuple[Exposed, Counts]:
    """Return who was exposed, and the exposures that tell nothing. The first bits of the stretch are the arms'."""
    arms = stretch.bits & stretch.bits.dtype.type((1 << len(enrolment.arms)) - 1)
    any_arm = stretch.bits & stretch.bits.dtype.type(1 << len(enrolment.arms))
    inside = (stretch.time >= enrolment.start) & (stretch.time < enrolment.end)
    somebody = (stretch.actors != 0)[stretch.actor]
    nameless = int(np.count_nonzero((any_arm > 0) & inside & ~somebody))
    unknown = int(np.count_nonzero((any_arm > 0) & (arms == 0) & inside & somebody))
    rows = np.flatnonzero((arms > 0) & inside & somebody)
    actor, phase = stretch.actor[rows], phase_of(stretch.time[rows], enrolment)
    new_actor, new_phase = np.ones(len(rows), bool), np.ones(len(rows), bool)
    np.not_equal(actor[1:], actor[:-1], out=new_actor[1:])
    # Rows of an actor are in the order of time, and so are phases.
    np.not_equal(phase[1:], phase[:-1], out=new_phase[1:])
    starts, runs = np.flatnonzero(new_actor), np.flatnonzero(new_actor | new_phase)
    at = np.full(len(stretch.actors), NEVER)
    seen = np.zeros((len(stretch.actors), len(enrolment.phases)), np.uint16)
    if len(starts):
        at[actor[starts]] = stretch.time[rows[starts]]
        seen[actor[runs], phase[runs]] = np.bitwise_or.reduceat(arms[rows].astype(np.uint16), runs)
    found = Exposed(at, seen, rows[starts], actor[starts], len(rows) - len(starts))
    return found, Counts(nameless=nameless, unknown=unknown)


def in_pause(at: Integers, enrolment: Enrolment) -> npt.NDArray[np.bool_]:
    """Return whether instants lie in a pause."""
    inside = np.zeros(len(at), bool)
    for start, end in enrolment.pauses:
        inside |= (at >= start) & (at < end)
    return inside


def phase_of(at: Integers, enrolment: Enrolment) -> Integers:
    """Return the phases of allocation that instants lie in."""
    phases: Integers = np.searchsorted(np.array(enrolment.phases, np.int64), at, "right") - 1
    return phases


@dataclass(frozen=True, slots=True)
class Sorted:
    """Units that were exposed: who takes part, with their phases and arms, and how many do not."""

    taking_part: npt.NDArray[np.bool_]
    phase: Integers
    arm: Integers
    counts: Counts


def taking_part(at: Integers, seen: npt.NDArray[np.uint16], enrolment: Enrolment) -> Sorted:
    """
    Return who takes part.

    Args:
        at: the first exposure of each unit.
        seen: the arms that each saw in each phase.
        enrolment: who may.
    """
    paused = in_pause(at, enrolment)
    crossed = (_several(seen)).any(axis=1) & ~paused
    stays = ~paused & ~crossed
    moved = stays & _several(np.bitwise_or.reduce(seen, axis=1))
    phase = phase_of(at[stays], enrolment)
    arm = np.log2(np.maximum(seen[stays, phase], 1)).astype(np.int64)
    counts = Counts(
        crossovers=int(np.count_nonzero(crossed)),
        in_pauses=int(np.count_nonzero(paused)),
        moved=int(np.count_nonzero(moved)),
    )
    return Sorted(stays, phase, arm, counts)


def _several(seen: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    several: npt.NDArray[np.bool_] = (seen & (seen - np.uint16(1))) != 0
    return several & (seen > 0)
