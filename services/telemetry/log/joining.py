"""Makes one slice of what archives and tables hold. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Final, TypeAlias

from services.telemetry.log import END, LogRow, LogSlice, Position

MOST_BYTES: Final = 2 * 1024 * 1024 - 1024
"""Of a slice, as what it becomes on the wire; a response has a cursor besides."""

ENTRY_BYTES: Final = 96
"""More than an entry has on the wire beside its body."""


_Place: TypeAlias = tuple[int, int]
"""What a `Position` is, made faster."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    Rows of one source: of all environments, in order.

    `complete` is the position up to which the source has no others; None when it has none at all beyond them.
    """

    rows: Sequence[LogRow]
    complete: Position | None


def joined(
    parts: Sequence[Part],
    environment: str,
    after: Position,
    limit: int,
    *,
    held_back: bool,
    read_at: datetime.datetime,
) -> LogSlice:
    """Return the rows of an environment as far as all sources are complete, and as many as fit."""
    complete: _Place | None = min([part.complete for part in parts if part.complete is not None], default=None)
    taken: list[LogRow] = []
    position: _Place = after
    size = 0
    for row in merge(*[part.rows for part in parts], key=_place):
        place = row[:2]
        if complete is not None and place > complete:
            break
        if place <= position:
            continue  # a day that was dropped in between is in both
        if row.environment == environment:
            size += len(row.body) + ENTRY_BYTES
            if len(taken) == limit or (taken and size > MOST_BYTES):
                complete = position
                break
            taken.append(row)
        position = place
    if complete is None:
        # All of the last transaction was final, so nothing more of it will come.
        end = after if position == after else Position(position[0], END)
        return LogSlice(taken, end, True, held_back, read_at)
    return LogSlice(taken, Position(*max(position, complete)), False, held_back, read_at)


def _place(row: LogRow) -> _Place:
    return row[:2]
