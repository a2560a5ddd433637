"""p-values of several comparisons, adjusted, in the order they came in."""

from collections.abc import Sequence


def bonferroni(values: Sequence[float]) -> list[float]:
    """
    Return min(1, K p): for the primary metric over treatment arms.

    Raises:
        ValueError: a value that is no probability.
    """
    return [min(1.0, len(values) * p) for p in _checked(values)]


def holm(values: Sequence[float]) -> list[float]:
    """
    Return Holm's p-values (1979): the running maximum of (K - i + 1) p_(i), for the arms of a fixed horizon.

    Raises:
        ValueError: as `bonferroni` does.
    """
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=_checked(values).__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """
    Return Benjamini and Hochberg's p-values (1995): the running minimum of K p_(i) / i from the largest on.

    They bound the share of false findings: for secondary metrics.

    Raises:
        ValueError: as `bonferroni` does.
    """
    adjusted = [0.0] * len(values)
    lowest = 1.0
    order = sorted(range(len(values)), key=_checked(values).__getitem__)
    for rank in range(len(values), 0, -1):
        place = order[rank - 1]
        lowest = min(lowest, values[place] * len(values) / rank)
        adjusted[place] = lowest
    return adjusted


def _checked(values: Sequence[float]) -> Sequence[float]:
    if not all(0.0 <= p <= 1.0 for p in values):
        raise ValueError("values: one is no probability")
    return values
