"""Puts the shop together: which story it is, its history, and the part that is still to come."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import grpc.aio
from mirante import Mirante

from services.demo_shop.anomalies import release_at
from services.demo_shop.asking import ImportedFlags, LiveFlags
from services.demo_shop.browsers import Browsers
from services.demo_shop.importing import import_history
from services.demo_shop.position import Position
from services.demo_shop.schedule import Schedule
from services.demo_shop.settings import DemoShopSettings, key_for
from services.demo_shop.shop import Shop
from services.demo_shop.telemetry_calls import TelemetryCalls
from services.demo_shop.tenants import TENANTS
from services.demo_shop.world import local_time
from services.runtime.access import Role
from services.runtime.background import in_background
from services.runtime.process import run_service

_log = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0
_SEAM_MS: Final = 60_000
"""A start that lies so little after the first one goes on exactly where the history ends."""


@asynccontextmanager
async def running(settings: DemoShopSettings) -> AsyncIterator[None]:
    """
    Play the story for the time of the block. At the first start of an installation its history is brought in as well.

    Raises:
        SettingsError: a key is missing.
    """
    server_key, import_key = key_for(settings.home, Role.SERVER), key_for(settings.home, Role.INTERNAL)
    now_ms = time.time_ns() // 1_000_000
    client = Mirante(
        settings.flags_address,
        api_key=server_key,
        name="demo-shop",
        telemetry_address=settings.telemetry_address,
        release=release_at(_first_position(settings, now_ms).world, local_time(now_ms).date(), now_ms),
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, client.close)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(settings.telemetry_address))
        story = _Story(settings, client, TelemetryCalls(channel, server_key, import_key))
        await stack.enter_async_context(in_background(story.play))
        yield


class _Story:
    """Everything that goes on while the shop is open."""

    def __init__(self, settings: DemoShopSettings, client: Mirante, calls: TelemetryCalls) -> None:
        self._settings = settings
        self._client = client
        self._calls = calls

    async def play(self) -> None:
        """Play, and bring in what is missing of the history; for ever."""
        await self._rules()
        position = await self._position()
        now_ms = time.time_ns() // 1_000_000
        from_ms = position.until_ms if now_ms - position.until_ms < _SEAM_MS else now_ms
        flags = LiveFlags(self._client)
        schedule = Schedule(position.world, flags, from_ms)
        flags.recording = True
        for tenant in TENANTS:
            self._client.identify("", {"plano": tenant.plan, "regiao": tenant.region}, tenant=tenant.key)
        browsers = Browsers(self._calls)
        shop = Shop(self._client, browsers, schedule)
        _log.info("open", extra={"began": position.began})
        async with in_background(shop.open, browsers.run):
            await import_history(self._calls, position, ImportedFlags(self._client))
            await asyncio.Event().wait()

    async def _rules(self) -> None:
        """Wait for the flags: without them people would not see what they see later."""
        while not await asyncio.to_thread(self._client.wait_until_ready, _RETRY_SECONDS):
            _log.info("waiting for the flags")

    async def _position(self) -> Position:
        """Return where the history stands; begin it when it was never begun."""
        while True:
            try:
                found = await self._calls.imported()
                if found is not None:
                    return found[0]
                position = _first_position(self._settings, time.time_ns() // 1_000_000)
                await self._calls.bring_in([], position)
                return position
            except grpc.aio.AioRpcError as error:
                _log.info(
                    "waiting for the telemetry service", extra={"error": f"{error.code().name}: {error.details()}"}
                )
                await asyncio.sleep(_RETRY_SECONDS)


def _first_position(settings: DemoShopSettings, now_ms: int) -> Position:
    return Position(settings.seed, str(local_time(now_ms).date()), settings.history_days, now_ms)


def main() -> None:
    """Run the shop as a process."""
    run_service(DemoShopSettings, running)
