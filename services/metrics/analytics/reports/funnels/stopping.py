"""Where the strict rules of a funnel end an actor's chains. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reached:
    """The rows at which a step was reached by a chain, ascending, and the rows where those chains began."""

    rows: Rows
    starts: Rows


def rows_with(bits: npt.NDArray[Any], bit: int) -> Rows:
    """Return the rows that have a bit."""
    # Far faster to go through than whole numbers.
    has_bit: npt.NDArray[np.bool_] = (bits & bits.dtype.type(bit)) != 0
    return np.flatnonzero(has_bit)


def first_of_each(actor: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which rows are the first ones of their actor; those of an actor are neighbours."""
    firsts = np.ones(len(actor), bool)
    np.not_equal(actor[1:], actor[:-1], out=firsts[1:])
    return firsts


def number_of(begun: Rows, rows: Rows) -> npt.NDArray[np.intp]:
    """Return the number of each row's actor; `begun` holds for each actor the first row of a chain."""
    return np.searchsorted(begun, rows, "right") - 1


def stops(
    actor: npt.NDArray[np.int64],
    bits: npt.NDArray[Any],
    reached: list[Reached],
    *,
    steps: int,
    order: bool,
    deduplication: bool,
) -> Rows:
    """
    Return for each actor that began a chain the row from which on nothing counts; the number of all rows when there is
    none.

    Args:
        actor: of each row.
        bits: of each row: which steps it matches.
        reached: for each step where it was reached.
        steps: how many there are.
        order: what matches no step, or a step before which the one before it was never reached, ends it.
        deduplication: a step that was reached already ends it, but for the first.
    """
    far = len(actor)
    begun = reached[0].rows[first_of_each(actor[reached[0].rows])]
    when = [begun]
    for number in range(1, steps):
        at = np.full(len(begun), far)
        if number < len(reached):
            rows = reached[number].rows[first_of_each(actor[reached[number].rows])]
            at[number_of(begun, rows)] = rows
        when.append(at)
    stop = np.full(len(begun), far)

    def lower(rows: npt.NDArray[Any], who: npt.NDArray[np.intp]) -> None:
        np.minimum.at(stop, who, rows)

    if order:
        lower(*_after_begin(actor, begun, np.flatnonzero(bits == 0)))
    for step in range(2, steps + 1):
        matching = rows_with(bits, 1 << (step - 1))
        rows, who = _after_begin(actor, begun, matching)
        if order:
            early = rows < when[step - 2][who]
            lower(rows[early], who[early])
        if deduplication:
            again = rows > when[step - 1][who]
            lower(rows[again], who[again])
    return stop


def _after_begin(
    actor: npt.NDArray[np.int64], begun: Rows, rows: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Return those of the rows that come after their actor's first chain has begun, and the actors' numbers."""
    who = number_of(begun, rows)
    known = who >= 0
    rows, who = rows[known], who[known]
    same = actor[begun[who]] == actor[rows]
    return rows[same], who[same]
