"""
Visits beyond the story, for drills: they meet a flag of the drills' own, and errors when its variant is broken. Pure.

How many, and whether it is broken, says the value of another flag, so that a drill begins and ends while the shop runs.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Self

from services.demo_shop.arrivals import Arrival
from services.demo_shop.effects import Flags, selling_share
from services.demo_shop.happening import Happening
from services.demo_shop.people import present
from services.demo_shop.selling import make_sales
from services.demo_shop.telling import Teller
from services.demo_shop.tenants import TENANTS
from services.demo_shop.world import World, local_time

ORDERS_FLAG: Final = "simulado_na_loja"
CANARY: Final = "simulado_canario"
NEW_VARIANT: Final = "on"

_PAGE: Final = "/vendas"
_ERROR_AFTER_MS: Final = 1_000
_IDLE_MS: Final = 1_000
_MOST_PER_SECOND: Final = 50.0
_ERROR: Final = {"tipo": "TypeError", "mensagem": "demo: simulado, a variante nova está quebrada"}


class Orders(NamedTuple):
    """What a drill wants."""

    visits_per_second: float = 0.0
    broken: bool = False

    @classmethod
    def read(cls, value: object) -> Self:
        """Return what the value of the flag says; nothing is wanted by what nobody understands."""
        if not isinstance(value, dict):
            return cls()
        rate = value.get("visits_per_second")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= _MOST_PER_SECOND:
            return cls()
        return cls(float(rate), value.get("broken") is True)


class Rush:
    """
    Begins visits at the pace that is wanted.

    Attributes:
        next_ms: when to ask for visits again, in milliseconds since 1970.
    """

    def __init__(self, world: World, flags: Flags, orders: Callable[[], Orders]) -> None:
        self._world = world
        self._flags = flags
        self._orders = orders
        self.next_ms = 0

    def visits(self, now_ms: int) -> Iterator[Iterator[Happening]]:
        """Yield the visits that begin until now."""
        orders = self._orders()
        if not orders.visits_per_second:
            self.next_ms = now_ms + _IDLE_MS
            return
        self.next_ms = max(self.next_ms, now_ms - _IDLE_MS)
        while self.next_ms <= now_ms:
            yield hurried_visit(self._world, self._arrival(self.next_ms), self._flags, broken=orders.broken)
            self.next_ms += max(1, int(1000 / orders.visits_per_second))

    def _arrival(self, at_ms: int) -> Arrival:
        """Return that one of the people of the shop that never closes comes by."""
        tenant, day = TENANTS[0], local_time(at_ms).date()
        person = self._world.draw("rush", at_ms).choice(present(self._world, tenant, day))
        return Arrival(at_ms, tenant, person, day, number=at_ms)


def hurried_visit(world: World, arrival: Arrival, flags: Flags, *, broken: bool) -> Iterator[Happening]:
    """Yield a visit that goes to the sales at once; whoever has the broken variant meets an error and gives up."""
    teller = Teller(world, arrival, flags)
    yield teller.told("login_sucesso", {})
    yield from teller.open(_PAGE)
    decision, exposure = teller.decided(CANARY)
    yield from exposure
    if broken and decision.variant == NEW_VARIANT:
        teller.at_ms += _ERROR_AFTER_MS
        yield teller.told("erro_frontend", _ERROR, page=_PAGE)
        return
    yield from make_sales(teller, sells=arrival.person.sells < selling_share(""))
    yield from teller.leave()
