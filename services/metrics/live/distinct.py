"""How many different actors there are in each window, exactly, also when an actor is joined, erased or seen late."""

from collections.abc import Iterator
from itertools import accumulate

Minutes = int
"""A set of minutes: bit i is the minute `base + i` of whoever keeps it."""


class DistinctActors:
    """
    Counts the actors of windows of one width.

    Who was seen in minute t is counted in the windows that end with t .. t + width - 1. `changes` holds by how much
    each window's count differs from the one before: seeing an actor again costs two additions, whatever the width.
    """

    __slots__ = ("_known", "changes", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.changes: dict[int, int] = {}
        self._known: dict[int, int] = {}

    def see(self, before: Minutes, bit: int, base: int) -> None:
        """Count an actor, who was seen in the minutes `before`, in one more minute, which is not among them."""
        earlier = (before & ((1 << bit) - 1)).bit_length() - 1
        later = before >> (bit + 1)
        # What the minutes around it do not cover already.
        start = bit if earlier < 0 else max(bit, earlier + self.width)
        end = bit + self.width
        if later:
            end = min(end, bit + (later & -later).bit_length())
        if start < end:
            self._change(base + start, 1)
            self._change(base + end, -1)

    def count(self, minutes: Minutes, base: int, sign: int) -> None:
        """Count an actor with all their minutes, or with -1 count them no more."""
        for start, end in covered(minutes, self.width):
            self._change(base + start, sign)
            self._change(base + end, -sign)

    def at(self, minute: int) -> int:
        """Return the count of the window that ends with a minute."""
        known = self._known.get(minute)
        if known is None:
            if len(self._known) >= 4:  # those that every frame asks for
                self._known.clear()
            known = sum(change for at, change in self.changes.items() if at <= minute)
            self._known[minute] = known
        return known

    def between(self, first: int, last: int) -> Iterator[int]:
        """Yield the counts of the windows that end with these minutes."""
        get = self.changes.get
        yield from accumulate((get(minute, 0) for minute in range(first + 1, last + 1)), initial=self.at(first))

    def clear(self) -> None:
        """Count nobody."""
        self.changes.clear()
        self._known.clear()

    def _change(self, minute: int, by: int) -> None:
        change = self.changes.get(minute, 0) + by
        if change:
            self.changes[minute] = change
        else:
            self.changes.pop(minute, None)
        if not self._known:
            return
        for at in self._known:
            if at >= minute:
                self._known[at] += by


def covered(minutes: Minutes, width: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches [start, end) of the windows that hold at least one of these minutes."""
    start = end = -1
    while minutes:
        lowest = minutes & -minutes
        bit = lowest.bit_length() - 1
        minutes ^= lowest
        if bit > end:
            if start >= 0:
                yield start, end
            start = bit
        end = bit + width
    if start >= 0:
        yield start, end
