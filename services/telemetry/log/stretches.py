"""Which part of the log to look at next, so that reading does not touch hundreds of days. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.telemetry.log import END, Position

_FEW_DAYS: Final = 12
"""So many are simply read together: those that are still open, and a few before."""


@dataclass(frozen=True, slots=True)
class Day:
    """
    What is known of one day's partition.

    Args:
        day: of receipt (UTC).
        is_sealed: whether the database refuses every new row in it, and nobody who wrote one is still to commit.
        lowest: its lowest transaction below the horizon; None when there is none, or it is not known.
        highest: of a sealed day; None when it is empty.
    """

    day: datetime.date
    is_sealed: bool
    lowest: int | None = None
    highest: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of the days `first` to `last` (None: and all later ones) whose transaction is below `ceiling`."""

    first: datetime.date
    last: datetime.date | None
    ceiling: int


def unread(days: Sequence[Day], after: Position) -> list[Day]:
    """Return the days that may hold rows after a position: all but those that are sealed and lie before it."""
    done = after.xid if after.order == END else after.xid - 1
    return [day for day in days if not (day.is_sealed and (day.highest is None or day.highest <= done))]


def is_far_behind(days: Sequence[Day]) -> bool:
    """Return whether so many days are unread that they should be read in stretches."""
    return len(days) > _FEW_DAYS


def next_stretch(days: Sequence[Day], after: Position, horizon: int) -> Stretch | None:
    """
    Return a stretch that holds all rows after a position that are below its ceiling; None when no day is unread.

    Nothing outside of the stretch is below the ceiling: it is the lowest transaction of all days that are left out.

    Args:
        days: those unread, by day. Of those that are far behind, `lowest` must be known.
        after: where the reader stands.
        horizon: everything below it is final.
    """
    if not days:
        return None
    if is_far_behind(days):
        first, second, *others = days
        ceiling = min([horizon, *[day.lowest for day in others if day.lowest is not None]])
        if ceiling > after.xid + 1:
            return Stretch(first.day, second.day, ceiling)
    return Stretch(days[0].day, None, horizon)
