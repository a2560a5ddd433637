"""Plays visits until it is told to stop. The only place that does I/O here."""

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from mirante import Mirante

from services.demo_shop.settings import DemoShopSettings, server_key
from services.demo_shop.visits import Visitor, steps, visitor, visits_per_second
from services.runtime.background import in_background
from services.runtime.process import run_service

_log = logging.getLogger(__name__)

_LOCAL: Final = ZoneInfo("America/Sao_Paulo")
_MOST_VISITS: Final = 50
"""At once; nobody comes in while there are so many."""


@asynccontextmanager
async def running(settings: DemoShopSettings) -> AsyncIterator[None]:
    """
    Play visits for the time of the block.

    Raises:
        SettingsError: there is no key.
    """
    client = Mirante(
        settings.flags_address,
        api_key=server_key(settings.home),
        name="demo-shop",
        telemetry_address=settings.telemetry_address,
        release="demo",
    )
    try:
        async with in_background(Shop(client, Random()).open):
            _log.info("open")
            yield
    finally:
        await asyncio.to_thread(client.close)


class Shop:
    """Lets people in."""

    def __init__(self, client: Mirante, draw: Random) -> None:
        self._client = client
        self._draw = draw
        self._visits: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let people in at the hour's rhythm; for ever."""
        while True:
            now = datetime.datetime.now(_LOCAL)
            await asyncio.sleep(self._draw.expovariate(visits_per_second(now)))
            if len(self._visits) < _MOST_VISITS:
                visit = asyncio.create_task(self.play(visitor(self._draw)))
                self._visits.add(visit)
                visit.add_done_callback(self._visits.discard)

    async def play(self, who: Visitor) -> None:
        """Play one visit, with the flags that a backend would ask on the way."""
        context = {
            "targeting_key": who.user_id,
            "tenant_id": who.tenant.key,
            "plano": who.tenant.plan,
            "regiao": who.tenant.region,
        }
        self._client.identify(
            who.user_id, {"plan": who.tenant.plan, "regiao": who.tenant.region}, tenant=who.tenant.key
        )
        for step in steps(self._draw, who):
            await asyncio.sleep(step.after_seconds)
            properties = dict(step.properties)
            self._client.track(step.name, properties, user_id=who.user_id, tenant=who.tenant.key)
            if step.name == "dashboard_acessado":
                self._client.is_enabled("nova_ui_vendas", context)
            elif step.name == "venda_criada":
                self._client.variant("algoritmo_desconto", context)


def main() -> None:
    """Run the shop as a process."""
    run_service(DemoShopSettings, running)
