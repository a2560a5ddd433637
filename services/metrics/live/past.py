"""
Actors of days that are not remembered any more, while events of them are being read: an import brings whole days.

What is found is at least what there was: events of the same days that were read long ago are not known here.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.metrics.live import DAY, HOUR
from services.metrics.live.distinct import DistinctActors
from services.metrics.live.plan import ActorSet

MOST_SIGHTINGS: Final = 200_000
"""Of one tenant: an actor in a set on a day."""


class _PastDay:
    """One day, and the hour before it, to which its first windows reach back."""

    def __init__(self, day: int, sets: Sequence[ActorSet]) -> None:
        self.base = day * DAY - HOUR
        self.seen: list[dict[bytes, int]] = [{} for _ in sets]
        self.counts = [{width: DistinctActors(width) for width in each.widths} for each in sets]
        self.touched: set[int] = set()
        self.lasts_until = 0

    @property
    def sightings(self) -> int:
        """How much is kept."""
        return sum(map(len, self.seen))

    def see(self, at: int, actor_id: bytes, minute: int) -> None:
        """Note that an actor was seen."""
        bit, seen = minute - self.base, self.seen[at]
        before = seen.get(actor_id, 0)
        if before >> bit & 1:
            return
        for counted in self.counts[at].values():
            counted.see(before, bit, self.base)
        seen[actor_id] = before | 1 << bit
        first = self.base + HOUR
        self.touched |= {hour for hour in (minute // HOUR, minute // HOUR + 1) if first <= hour * HOUR < first + DAY}

    def forget(self, actor_id: bytes) -> list[int]:
        """Forget an actor; return when they were seen, for each set."""
        found = [seen.pop(actor_id, 0) for seen in self.seen]
        for minutes, counts in zip(found, self.counts, strict=True):
            for counted in counts.values():
                counted.count(minutes, self.base, -1)
        return found

    def join(self, from_id: bytes, into_id: bytes) -> None:
        """Count the first actor as the second."""
        both = zip(self.forget(from_id), self.forget(into_id), strict=True)
        for at, (left, right) in enumerate(both):
            minutes = left | right
            if minutes:
                self.seen[at][into_id] = minutes
                for counted in self.counts[at].values():
                    counted.count(minutes, self.base, 1)


class PastActors:
    """The past days of one tenant; those that were not read of for longest go first when there is too much."""

    def __init__(self, sets: Sequence[ActorSet]) -> None:
        self._sets = sets
        self._days: OrderedDict[int, _PastDay] = OrderedDict()

    @property
    def touched(self) -> bool:
        """Whether there is anything to write."""
        return any(day.touched for day in self._days.values())

    def see(self, at: int, actor_id: bytes, minute: int, lasts_until: int) -> None:
        """Note that an actor was seen in the events of a set."""
        # The last hour of a day is also before the next one.
        for day in {minute // DAY, (minute + HOUR) // DAY}:
            kept = self._days.get(day)
            if kept is None:
                self._make_room()
                kept = self._days[day] = _PastDay(day, self._sets)
            self._days.move_to_end(day)
            kept.lasts_until = max(kept.lasts_until, lasts_until)
            kept.see(at, actor_id, minute)

    def merge(self, from_id: bytes, into_id: bytes) -> None:
        """Count the first actor as the second."""
        for day in self._days.values():
            day.join(from_id, into_id)

    def erase(self, actor_id: bytes) -> None:
        """Forget an actor."""
        for day in self._days.values():
            day.forget(actor_id)

    def forget_before(self, minute: int) -> None:
        """Drop the days of which nothing was read since."""
        for number in [number for number, day in self._days.items() if day.lasts_until < minute and not day.touched]:
            del self._days[number]

    def clear_touched(self) -> None:
        """Say that everything is written."""
        for day in self._days.values():
            day.touched.clear()

    def take(self) -> Iterator[tuple[int, Sequence[Mapping[int, DistinctActors]]]]:
        """Yield the hours that have changed since this was asked last, each with the counts of the actor sets."""
        for day in self._days.values():
            hours, day.touched = sorted(day.touched), set()
            for hour in hours:
                yield hour, day.counts

    def _make_room(self) -> None:
        while self._days and sum(day.sightings for day in self._days.values()) >= MOST_SIGHTINGS:
            self._days.popitem(last=False)
