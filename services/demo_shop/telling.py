"""Tells what happens in one visit, event by event. Pure: flags are asked when the visit gets there."""

from collections.abc import Iterator
from typing import Final

from mirante.telemetry.event_id import new_event_id

from services.demo_shop.anomalies import is_campaign, is_faulty, is_out, release_at
from services.demo_shop.arrivals import Arrival
from services.demo_shop.devices import load_ms, pause_ms, web_vitals
from services.demo_shop.effects import Decision, Flags
from services.demo_shop.happening import EXPOSURE, Happening, Properties
from services.demo_shop.world import World

_ID_BYTES: Final = 10
_VITALS_SHARE: Final = 0.22
"""Of page views: the others are left before a browser has measured anything, or it does not measure."""
_PRESENCE_AFTER_MS: Final = 60_000


class Teller:
    """
    The time and the place of a visit, which go on as it tells.

    Attributes:
        at_ms: how far the visit is.
        draw: its chance.
    """

    def __init__(self, world: World, arrival: Arrival, flags: Flags) -> None:
        self.arrival = arrival
        self.draw = world.draw("visit", arrival.tenant.key, arrival.day, arrival.number)
        self.at_ms = arrival.at_ms
        self._world = world
        self._flags = flags
        self._session = f"demo-{self.draw.getrandbits(64):016x}"
        self._release = release_at(world, arrival.day, arrival.at_ms)
        tenant = arrival.tenant
        self._context = {
            "targeting_key": arrival.person.user_id,
            "tenant_id": tenant.key,
            "plano": tenant.plan,
            "regiao": tenant.region,
        }
        self._page, self._opened_ms = "", 0

    @property
    def stopped(self) -> bool:
        """Whether an outage has cut the visit short."""
        return is_out(self._world, self.arrival.tenant, self.at_ms)

    @property
    def faulty(self) -> bool:
        """Whether the release has a fault."""
        return is_faulty(self._world, self.at_ms)

    @property
    def campaign(self) -> bool:
        """Whether everybody buys."""
        return is_campaign(self._world, self.arrival.tenant, self.at_ms)

    def told(self, name: str, properties: Properties, *, page: str = "", recorded: bool = False) -> Happening:
        """Return what happens now: the backend tells it, or the browser on a page. No two things happen at once."""
        self.at_ms += 1
        arrival, at_ms = self.arrival, self.at_ms
        return Happening(
            at_ms,
            new_event_id(at_ms, self.draw.randbytes(_ID_BYTES)),
            name,
            properties,
            arrival.tenant.key,
            arrival.person.user_id,
            self._session,
            page,
            arrival.person.device,
            self._release,
            arrival.tenant.plan,
            arrival.tenant.region,
            recorded,
        )

    def after(self, name: str, properties: Properties) -> Happening:
        """Return what the backend tells after somebody has looked around for a while."""
        self.at_ms += pause_ms(self.draw)
        return self.told(name, properties)

    def seen(self, name: str, properties: Properties) -> Iterator[Happening]:
        """Yield what the browser tells of the page that is open, after a while."""
        pause = pause_ms(self.draw)
        if pause > _PRESENCE_AFTER_MS:
            self.at_ms += _PRESENCE_AFTER_MS
            yield self.told("presenca", {}, page=self._page)
            pause -= _PRESENCE_AFTER_MS
        self.at_ms += pause
        yield self.told(name, properties, page=self._page)

    def open(self, page: str) -> Iterator[Happening]:
        """Yield how the page that is open is left and another one opened."""
        yield from self.leave()
        device = self.arrival.person.device
        took = load_ms(self.draw, page, device)
        self.at_ms += took
        self._page, self._opened_ms = page, self.at_ms
        yield self.told("pagina_vista", {"caminho": page, "duracao_ms": took}, page=page)
        if self.draw.random() < _VITALS_SHARE:
            for name, value in web_vitals(self.draw, page, device, faulty=self.faulty):
                self.at_ms += 1 + int(self.draw.random() * 900)
                yield self.told("web_vital", {"nome": name, "valor": value, "caminho": page}, page=page)

    def leave(self) -> Iterator[Happening]:
        """Yield how the page that is open is left; nothing when none is."""
        if self._page:
            self.at_ms += pause_ms(self.draw)
            stayed = self.at_ms - self._opened_ms
            yield self.told("pagina_saida", {"caminho": self._page, "duracao_ms": stayed}, page=self._page)
            self._page = ""

    def decided(self, flag_key: str) -> tuple[Decision, list[Happening]]:
        """Return what a flag gives, and the exposure to it if there is any."""
        decision = self._flags.decide(flag_key, self._context)
        if not decision.variant:
            return decision, []
        properties: Properties = {
            "flag": flag_key,
            "variant": decision.variant,
            "version": decision.version,
            "reason": decision.reason,
            "rule_id": decision.rule_id,
            "experiment": "",
        }
        return decision, [self.told(EXPOSURE, properties, recorded=decision.recorded)]
