"""Layers: experiments of one layer get buckets that do not overlap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.metrics.experiments.designing.defaults import WHOLE


@dataclass(frozen=True, slots=True)
class Range:
    """Buckets from `start` on and before `end`."""

    start: int
    end: int


def salt_of(layer: str, key: str) -> str:
    """Return the salt of a layer; an experiment without one has a layer of its own."""
    return f"layer:{layer}" if layer else f"experiment:{key}"


def free_range(taken: Sequence[Range], share: int, holdout: int) -> Range | None:
    """
    Return the first free buckets of a layer; None when there is no gap so wide.

    Args:
        taken: what others have.
        share: how many buckets; 0: all but the holdout.
        holdout: the first buckets, which nobody gets.
    """
    wanted = share or WHOLE - holdout
    at = holdout
    for other in sorted(taken, key=lambda each: each.start):
        if other.start - at >= wanted:
            break
        at = max(at, other.end)
    return Range(at, at + wanted) if at + wanted <= WHOLE else None


def free_share(taken: Sequence[Range], holdout: int) -> int:
    """Return how many buckets of a layer nobody has."""
    return WHOLE - holdout - sum(max(each.end - max(each.start, holdout), 0) for each in taken)
