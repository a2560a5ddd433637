"""The part of the story that is still to come, event by event. Pure: the clock is an argument."""

import datetime
import heapq
from collections.abc import Iterator, Sequence
from typing import Final

from services.demo_shop.arrivals import Arrival, arrivals
from services.demo_shop.effects import Flags
from services.demo_shop.happening import Happening
from services.demo_shop.tenants import TENANTS, Tenant
from services.demo_shop.visits import visit
from services.demo_shop.world import World, days_until, instant_ms, local_time

_DAY: Final = datetime.timedelta(days=1)


class Schedule:
    """
    What happens from `from_ms` on (milliseconds since 1970), visits that are under way then included.

    A visit is told step by step: flags are asked when the step before has happened.
    """

    def __init__(self, world: World, flags: Flags, from_ms: int, tenants: Sequence[Tenant] = TENANTS) -> None:
        self._world = world
        self._flags = flags
        self._tenants = tenants
        self._arrivals: list[Arrival] = []
        self._next: list[tuple[int, bytes, Happening, Iterator[Happening]]] = []
        today = local_time(from_ms).date()
        for day in reversed(days_until(today, 1)):
            self._add(day)
        self._planned = today
        self._skip_until(from_ms)

    @property
    def next_ms(self) -> int:
        """When something happens next, at the latest the next midnight: then it is to be asked again."""
        midnight = instant_ms(self._planned + _DAY, 0)
        return min(
            midnight,
            self._next[0][0] if self._next else midnight,
            self._arrivals[0].at_ms if self._arrivals else midnight,
        )

    def due(self, now_ms: int) -> Iterator[Happening]:
        """Yield what has happened until now and was not yielded yet, in the order of time."""
        while self.next_ms <= now_ms:
            if self._arrivals and self._arrivals[0].at_ms <= self.next_ms:
                self._go_on(visit(self._world, self._arrivals.pop(0), self._flags))
            elif self._next and self._next[0][0] <= self.next_ms:
                _, _, happening, rest = heapq.heappop(self._next)
                yield happening
                self._go_on(rest)
            else:
                self._planned += _DAY
                self._add(self._planned)

    def join(self, visit: Iterator[Happening]) -> None:
        """Take in a visit that the story does not know of."""
        self._go_on(visit)

    def _add(self, day: datetime.date) -> None:
        self._arrivals += [each for tenant in self._tenants for each in arrivals(self._world, tenant, day)]
        self._arrivals.sort(key=lambda arrival: arrival.at_ms)

    def _go_on(self, rest: Iterator[Happening]) -> None:
        happening = next(rest, None)
        if happening is not None:
            heapq.heappush(self._next, (happening.at_ms, happening.event_id, happening, rest))

    def _skip_until(self, from_ms: int) -> None:
        """Let what lies before happen without anybody being told."""
        for _ in self.due(from_ms - 1):
            pass
