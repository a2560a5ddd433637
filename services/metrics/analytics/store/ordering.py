"""Puts rows of several segments into one order. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.keys import Integers

Order = npt.NDArray[np.intp]

_MANY: Final = 64
_DIGIT_BITS: Final = 16
"""Numbers of so many bits are sorted in one pass each way."""


def order_of(actor: Integers, time: Integers) -> Order | None:
    """
    Return the order that sorts rows by actor and then by time; None when they are sorted already. Equal rows stay in
    their order.

    It is fast for what it is called with: a few stretches that are sorted each, of which the later ones hold mostly
    later events. Those are merged by actor, and only actors whose events are out of time then are sorted by time.
    """
    if len(actor) < 2:
        return None
    same = actor[1:] == actor[:-1]
    order = None
    if not np.all((actor[1:] > actor[:-1]) | same):
        order = _by_actor(actor)
        actor, time = actor[order], time[order]
        same = actor[1:] == actor[:-1]
    turned = same & (time[1:] < time[:-1])
    if not turned.any():
        return order
    # All rows of the actors concerned.
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    group = np.cumsum(np.concatenate(([0], ~same)))
    concerned = np.zeros(len(starts), bool)
    concerned[group[1:][turned]] = True
    rows = np.flatnonzero(concerned[group])
    fixed = np.arange(len(actor)) if order is None else order
    fixed[rows] = fixed[rows[np.lexsort((time[rows], actor[rows]))]]
    return fixed


def _by_actor(actor: Integers) -> Order:
    stretches = int(np.count_nonzero(actor[1:] < actor[:-1]))
    if stretches <= _MANY:
        return np.argsort(actor, kind="stable")
    # Put roughly into order first, what is left to be moved are neighbours.
    least = int(actor.min())
    shift = max((int(actor.max()) - least).bit_length() - _DIGIT_BITS, 0)
    roughly = np.argsort(((actor - least) >> shift).astype(np.uint16), kind="stable")
    return roughly.take(np.argsort(actor.take(roughly), kind="stable"))


def renamed(actor: Integers, pairs: Mapping[int, int]) -> Integers:
    """
    Return actors with each `from` of the pairs as its `into`; the same array when there is none of them.

    Args:
        actor: in ascending order, so that few are looked up among many.
        pairs: who is who now.
    """
    changed = actor
    for start, end, into in _stretches(actor, list(pairs)):
        if changed is actor:
            changed = actor.copy()
        changed[start:end] = pairs[into]
    return changed


def without(actor: Integers, some: Collection[int]) -> Order | None:
    """Return the places of all actors, in ascending order, but some; None when none of these is there."""
    stays = None
    for start, end, _ in _stretches(actor, list(some)):
        if stays is None:
            stays = np.ones(len(actor), bool)
        stays[start:end] = False
    return None if stays is None else np.flatnonzero(stays)


def _stretches(actor: Integers, wanted: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    if not wanted or not len(actor):
        return
    each = np.array(wanted, np.int64)
    starts, ends = np.searchsorted(actor, each, "left"), np.searchsorted(actor, each, "right")
    found = np.flatnonzero(ends > starts)
    yield from zip(starts[found].tolist(), ends[found].tolist(), each[found].tolist(), strict=True)
