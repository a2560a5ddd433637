"""
Rows of segments, and how several runs of them become one. Pure.

A run is ordered by actor and time. What needs no order across runs works on them as they are; `merged` puts them into
one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.keys import Integers

Codes = npt.NDArray[np.uint16]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Run:
    """
    Rows of a segment in its order: the rows of an actor are neighbours, in the order of time.

    Attributes:
        time: microseconds since 1970, UTC.
        code: index in the names of the batch.
        begins: the rows at which another actor begins; the first one among them.
        actors: who those are, after all merges; 0 for nobody. Somebody may be there more than once.
        tenants: whose those are, as numbers that are in the order of tenants.
        outside: rows that are not wanted, but too few to be worth a copy of all others.
    """

    time: Integers
    code: Codes
    begins: Places
    actors: Integers
    tenants: Places
    outside: Places

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Runs:
    """
    All wanted rows of some actors.

    Attributes:
        names: of events.
        runs: none of them is empty.
        actors: who they are, by tenant and then ascending.
        numbers: for each run and each of its `begins`, the index in `actors`.
    """

    names: Sequence[str]
    runs: Sequence[Run]
    actors: Integers
    numbers: Sequence[Places]


def merged(runs: Runs) -> tuple[Integers, Integers, Codes]:
    """Return the numbers of actors (indices in `runs.actors`), the times and the codes of all rows, in one order."""
    if len(runs.runs) == 1:
        [run], [numbers] = runs.runs, runs.numbers
        return np.repeat(numbers, lengths_of(run)), run.time, run.code
    numbers = np.concatenate(
        [np.repeat(each, lengths_of(run)) for run, each in zip(runs.runs, runs.numbers, strict=True)]
    )
    time, code = (np.concatenate([getattr(run, name) for run in runs.runs]) for name in ("time", "code"))
    cuts = np.cumsum([0, *(len(run) for run in runs.runs)])
    outside = np.concatenate([run.outside + cut for run, cut in zip(runs.runs, cuts[:-1], strict=True)])
    first = int(time.min())
    bits = [_bits(len(runs.actors)), _bits(int(time.max()) - first + 1), _bits(len(runs.names))]
    if sum(bits) > 62:
        order = np.lexsort((time, numbers))
        order = order[~np.isin(order, outside)]
        return numbers[order], time[order], code[order]
    # What is sorted is what is wanted: a stable sort of numbers that are mostly in order is little more than a copy.
    time -= first
    packed = ((numbers << bits[1] | time) << bits[2]) | code
    packed[outside] = np.iinfo(np.int64).max
    packed.sort(kind="stable")
    packed = packed[: len(packed) - len(outside)]
    time = packed & ((1 << bits[2]) - 1)
    code = time.astype(np.uint16)
    packed >>= bits[2]
    np.bitwise_and(packed, (1 << bits[1]) - 1, out=time)
    time += first
    packed >>= bits[1]
    return packed, time, code


def of_some(run: Run, kept: npt.NDArray[np.bool_]) -> Run:
    """Return the rows of some of a run's actors; `kept` has a flag for each of `begins`."""
    if kept.all():
        return run
    lengths = lengths_of(run)
    rows = np.flatnonzero(np.repeat(kept, lengths))
    begins = np.cumsum(lengths[kept]) - lengths[kept]
    unwanted = np.zeros(len(run), bool)
    unwanted[run.outside] = True
    outside = np.flatnonzero(unwanted[rows])
    return Run(run.time[rows], run.code[rows], begins, run.actors[kept], run.tenants[kept], outside)


def lengths_of(run: Run) -> Places:
    """Return how many rows each actor has."""
    return np.diff(run.begins, append=len(run))


def _bits(count: int) -> int:
    """Return how many bits numbers below a count need."""
    return (count - 1).bit_length()
