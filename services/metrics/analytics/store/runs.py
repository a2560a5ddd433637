"""
Rows of segments as runs, and how those come into one order. Pure.

A run is what a segment holds of an actor: neighbours, in the order of time. What needs no order across runs works on
them as they lie; `merged` puts them into one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.keys import Integers

Codes = npt.NDArray[np.uint16]
Places = npt.NDArray[np.intp]

NO_PLACES: Final = np.empty(0, np.intp)
_PACKED_BITS: Final = 62


@dataclass(frozen=True, slots=True)
class Runs:
    """
    All wanted rows of some actors, piece after piece as they lie in segments.

    Attributes:
        names: of events.
        times: of the rows of each piece, microseconds since 1970, UTC.
        codes: of the rows of each piece: indices in `names`.
        begins: where each run begins, in all rows; ascending. Those of one actor are mostly in the order of time.
        lengths: how many rows each has.
        actors: whose each run is, after all merges; 0 for nobody.
        outside: rows of no run, which are not wanted.
    """

    names: Sequence[str]
    times: Sequence[Integers]
    codes: Sequence[Codes]
    begins: Places
    lengths: Places
    actors: Integers
    outside: Places

    @property
    def rows(self) -> int:
        """How many rows the pieces have, those that are not wanted among them."""
        return sum(map(len, self.times))


def of_some(runs: Runs, kept: npt.NDArray[np.bool_]) -> Runs:
    """Return some of the runs; `kept` has a flag for each."""
    if kept.all():
        return runs
    gone = _stretches(runs.begins[~kept], runs.lengths[~kept])
    return replace(
        runs,
        begins=runs.begins[kept],
        lengths=runs.lengths[kept],
        actors=runs.actors[kept],
        outside=np.concatenate((runs.outside, gone)),
    )


def by_actor(runs: Runs) -> tuple[Places, Places, Integers]:
    """
    Return the order of runs that puts those of an actor together as they lie; where in it each actor begins; and the
    actors, ascending.
    """
    order = np.argsort(runs.actors, kind="stable")
    actors = runs.actors.take(order)
    firsts = np.flatnonzero(changed(actors))
    return order, firsts, actors.take(firsts)


def merged(runs: Runs) -> tuple[Integers, Integers, Integers, Codes]:
    """
    Return all actors, ascending, and of all wanted rows, by actor and time: the number of the actor (its index in the
    first), the time and the code. Rows of one actor and one time are as they lie.
    """
    order, firsts, actors = by_actor(runs)
    lengths = runs.lengths.take(order)
    starts = np.cumsum(lengths) - lengths
    sizes = np.diff(starts.take(firsts), append=int(lengths.sum()))
    number = np.repeat(np.arange(len(actors)), sizes)
    time, code = joined(runs.times), joined(runs.codes)
    if len(number) == len(time) and len(firsts) == len(order) and np.all(order[1:] > order[:-1]):
        return actors, number, time, code
    rows = _stretches(runs.begins.take(order), lengths)
    time = time.take(rows)
    moved = _out_of_time(time, starts, firsts, sizes)
    if moved is not None:
        places, order = moved
        rows[places], time[places] = rows[order], time[order]
    return actors, number, time, code.take(rows)


def _out_of_time(time: Integers, starts: Places, firsts: Places, sizes: Places) -> tuple[Places, Places] | None:
    """
    Return the rows of actors whose runs overlap in time, and the same rows in the order of time; None without any.

    Args:
        time: of all rows, by actor and run.
        starts: where each run begins.
        firsts: of runs, the first one of each actor.
        sizes: how many rows each actor has.
    """
    turned = time.take(starts) < time.take(np.maximum(starts - 1, 0))
    # Where the first run of an actor begins, the row before is somebody else's.
    turned[firsts] = False
    actor = np.unique(np.searchsorted(firsts, np.flatnonzero(turned), "right") - 1)
    if not len(actor):
        return None
    places = _stretches(starts.take(firsts.take(actor)), sizes.take(actor))
    number, when = np.repeat(np.arange(len(actor)), sizes.take(actor)), time.take(places)
    least = int(when.min())
    bits = (int(when.max()) - least).bit_length()
    if bits + len(actor).bit_length() > _PACKED_BITS:
        return places, places.take(np.lexsort((when, number)))
    # Mostly in order already: little more than a pass.
    return places, places.take(np.argsort((number << bits) | (when - least), kind="stable"))


def _stretches(begins: Places, lengths: Places) -> Places:
    """Return all places of stretches."""
    places = np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    places += np.arange(len(places))
    return places


def joined(pieces: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return pieces, of which there is at least one, as one array."""
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def changed(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which values are unlike the one before; the first is."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found
