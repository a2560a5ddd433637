"""Amounts by minute: counts, exact decimals, and histograms for percentiles."""

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal
from itertools import repeat
from typing import Final

EXACT: Final = Context(prec=100)
"""Sums of what events may hold never need to be rounded in it."""

Amount = int | Decimal

_GROWTH: Final = math.log(1.02)
"""Neighbouring cells are 2 % apart, so that their middle is within 1 % of whatever fell in."""


class Totals:
    """Counts or sums by minute. Minutes that hold nothing are absent."""

    __slots__ = ("minutes",)

    def __init__(self) -> None:
        self.minutes: dict[int, Amount] = {}

    def add(self, minute: int, amount: Amount) -> None:
        """Add an amount, which may be negative."""
        total = added(self.minutes.get(minute, 0), amount)
        if total:
            self.minutes[minute] = total
        else:
            self.minutes.pop(minute, None)

    def window(self, end: int, width: int) -> Amount:
        """Return the sum over a window."""
        get = self.minutes.get
        total: Amount = 0
        for minute in range(end - width + 1, end + 1):
            amount = get(minute)
            if amount is not None:
                total = added(total, amount)
        return total

    def forget_before(self, floor: int) -> None:
        """Drop what is older."""
        for minute in [each for each in self.minutes if each < floor]:
            del self.minutes[minute]


def added(left: Amount, right: Amount) -> Amount:
    """Return the exact sum."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return EXACT.add(left, right)


class Histograms:
    """
    Measurements by minute, in cells that grow by 2 %, and the percentiles of windows of one width.

    The last few that were asked for are remembered until something is measured in their window: every frame asks for
    the same again.

    Args:
        width: of the windows, in minutes.
        percent: which percentile.
    """

    __slots__ = ("_known", "_percent", "_width", "minutes")

    def __init__(self, width: int, percent: int) -> None:
        self.minutes: dict[int, Counter[int]] = {}
        self._width = width
        self._percent = percent
        self._known: dict[int, float | None] = {}

    def add(self, minute: int, cell: int, times: int) -> None:
        """Add measurements that fell into a cell; `times` may be -1."""
        cells = self.minutes.get(minute)
        if cells is None:
            cells = self.minutes[minute] = Counter()
        count = cells.get(cell, 0) + times
        if count:
            cells[cell] = count
        else:
            del cells[cell]
            if not cells:
                del self.minutes[minute]
        if self._known:
            for end in [each for each in self._known if minute <= each < minute + self._width]:
                del self._known[end]

    def window(self, end: int) -> float | None:
        """Return the percentile of the window that ends with a minute, within 1 %; None when nothing was measured."""
        if end not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[end] = next(self._slide(end, end))
        return self._known[end]

    def windows(self, first: int, last: int) -> Iterator[float | None]:
        """Yield the percentile of the window that ends with each minute."""
        if last - first < _MOST_KNOWN // 2:
            return map(self.window, range(first, last + 1))
        return self._slide(first, last)

    def forget_before(self, floor: int) -> None:
        """Drop what is older."""
        for minute in [each for each in self.minutes if each < floor]:
            del self.minutes[minute]
        self._known.clear()

    def _slide(self, first: int, last: int) -> Iterator[float | None]:
        if not self.minutes:
            yield from repeat(None, last - first + 1)
            return
        cells: Counter[int] = Counter()
        get, found, moved = self.minutes.get, None, True
        for minute in range(first - self._width + 1, last + 1):
            if (entering := get(minute)) is not None:
                cells.update(entering)
                moved = True
            if minute > first and (leaving := get(minute - self._width)) is not None:
                cells.subtract(leaving)
                moved = True
            if minute >= first:
                if moved:
                    found, moved = percentile(cells, self._percent), False
                yield found


_MOST_KNOWN: Final = 8
_ZERO: Final = -(10**6)


def cell_of(measurement: float) -> int:
    """Return the cell of a measurement that is not negative."""
    return math.ceil(math.log(measurement) / _GROWTH) if measurement > 0 else _ZERO


def percentile(cells: Counter[int], percent: int) -> float | None:
    """Return the middle of the cell in which the nearest-rank percentile lies; None when there are none."""
    count = sum(cells.values())
    if not count:
        return None
    rank = -(-count * percent // 100)
    for cell in sorted(cells):
        rank -= cells[cell]
        if rank <= 0:
            return 0.0 if cell == _ZERO else math.exp((cell - 0.5) * _GROWTH)
    raise AssertionError("the cells hold what was counted")
