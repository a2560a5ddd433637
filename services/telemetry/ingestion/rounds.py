"""Who waits, in rounds: bounded, and nobody behind another's burst. Pure."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

Turn = tuple[str, str]
"""Environment and whose turn it is: a tenant, or a sender of events of many."""


class Rounds(Generic[T]):
    """
    What waits, `most_bytes` at most; taken in rounds, in which each turn gives one.

    A turn may hold as much as is left free: half if it is alone, a third beside another that holds a third. So there
    is room for whoever comes next, however many bursts there are.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._waiting: OrderedDict[Turn, deque[tuple[T, int]]] = OrderedDict()
        self._bytes_of: dict[Turn, int] = {}
        self.bytes = 0

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def has_room(self, turn: Turn, size: int) -> bool:
        """Return whether so many bytes may be added. Where nothing waits anything may, or it could never be added."""
        return not self._waiting or self._bytes_of.get(turn, 0) + size <= self._most_bytes - self.bytes

    def add(self, turn: Turn, thing: T, size: int) -> None:
        """Add something of so many bytes, room or not."""
        self._waiting.setdefault(turn, deque()).append((thing, size))
        self._bytes_of[turn] = self._bytes_of.get(turn, 0) + size
        self.bytes += size

    def first(self) -> T:
        """Return what is next, of what waits."""
        return next(iter(self._waiting.values()))[0][0]

    def take(self) -> T:
        """Remove and return what is next, of what waits."""
        turn, line = next(iter(self._waiting.items()))
        thing, size = line.popleft()
        self.bytes -= size
        if line:
            self._waiting.move_to_end(turn)
            self._bytes_of[turn] -= size
        else:
            del self._waiting[turn], self._bytes_of[turn]
        return thing
