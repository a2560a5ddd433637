"""Amounts by minute: counts, exact decimals, and histograms for percentiles."""

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal
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
    return EXACT.add(Decimal(left), Decimal(right))


class Histograms:
    """Measurements by minute, in cells that grow by 2 %."""

    __slots__ = ("minutes",)

    def __init__(self) -> None:
        self.minutes: dict[int, Counter[int]] = {}

    def add(self, minute: int, cell: int, times: int) -> None:
        """Add measurements that fell into a cell; `times` may be -1."""
        cells = self.minutes.setdefault(minute, Counter())
        cells[cell] += times
        if not cells[cell]:
            del cells[cell]
            if not cells:
                del self.minutes[minute]

    def window(self, end: int, width: int, percent: int) -> float | None:
        """Return the percentile over a window, within 1 %; None when nothing was measured."""
        cells: Counter[int] = Counter()
        for minute in range(end - width + 1, end + 1):
            found = self.minutes.get(minute)
            if found is not None:
                cells.update(found)
        return percentile(cells, percent)

    def windows(self, first: int, last: int, width: int, percent: int) -> Iterator[float | None]:
        """Yield the percentile of the window that ends with each minute."""
        cells: Counter[int] = Counter()
        for minute in range(first - width + 1, last + 1):
            cells.update(self.minutes.get(minute, _NOTHING))
            cells.subtract(self.minutes.get(minute - width, _NOTHING) if minute > first else _NOTHING)
            if minute >= first:
                yield percentile(cells, percent)

    def forget_before(self, floor: int) -> None:
        """Drop what is older."""
        for minute in [each for each in self.minutes if each < floor]:
            del self.minutes[minute]


_NOTHING: Final[Counter[int]] = Counter()
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
