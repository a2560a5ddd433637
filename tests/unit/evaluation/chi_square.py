"""Pearson's chi-square test, as far as the tests of bucketing need it."""

import math
from collections.abc import Sequence


def p_value(statistic: float, degrees: int) -> float:
    """Return the upper tail, by the approximation of Wilson and Hilferty (1931), good enough for any verdict."""
    spread = 2 / (9 * degrees)
    deviation = ((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return math.erfc(deviation / math.sqrt(2)) / 2


def goodness_of_fit(observed: Sequence[int], expected: Sequence[float]) -> float:
    """Return the p-value of counts that should be like the expected ones."""
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(observed, expected, strict=True))
    return p_value(statistic, len(observed) - 1)


def independence(table: Sequence[Sequence[int]]) -> float:
    """Return the p-value of a contingency table whose rows and columns should have nothing to do with each other."""
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    total = sum(rows)
    statistic = sum(
        (seen - row * column / total) ** 2 / (row * column / total)
        for cells, row in zip(table, rows, strict=True)
        for seen, column in zip(cells, columns, strict=True)
    )
    return p_value(statistic, (len(rows) - 1) * (len(columns) - 1))
