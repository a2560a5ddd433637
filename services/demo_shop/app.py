"""Puts the shop together: which story it is, its history, and the part that is still to come."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import grpc.aio
from mirante import Mirante

from services.demo_shop.anomalies import release_at
from services.demo_shop.asking import ImportedFlags, LiveFlags
from services.demo_shop.browsers import Browsers
from services.demo_shop.importing import import_history
from services.demo_shop.position import Position
from services.demo_shop.rush import Rush
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

    Waits until the telemetry service says which story it is.

    Raises:
        SettingsError: a key is missing.
    """
    server_key, import_key = key_for(settings.home, Role.SERVER), key_for(settings.home, Role.INTERNAL)
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(settings.telemetry_address))
        calls = TelemetryCalls(channel, server_key, import_key)
        world = (await _position(settings, calls)).world
        now_ms = _now_ms()
        client = Mirante(
            settings.flags_address,
            api_key=server_key,
            name="demo-shop",
            telemetry_address=settings.telemetry_address,
            release=release_at(world, local_time(now_ms).date(), now_ms),
        )
        stack.push_async_callback(asyncio.to_thread, client.close)
        await stack.enter_async_context(in_background(partial(_play, settings, client, calls)))
        yield


async def _play(settings: DemoShopSettings, client: Mirante, calls: TelemetryCalls) -> None:
    """Play, and bring in what is missing of the history; for ever."""
    # Without rules people would not see what they see later.
    while not await asyncio.to_thread(client.wait_until_ready, _RETRY_SECONDS):
        _log.info("waiting for the flags")
    position = await _position(settings, calls)
    now_ms = _now_ms()
    from_ms = position.until_ms if now_ms - position.until_ms < _SEAM_MS else now_ms
    flags = LiveFlags(client)
    schedule = Schedule(position.world, flags, from_ms)
    flags.recording = True
    for tenant in TENANTS:
        client.identify("", {"plano": tenant.plan, "regiao": tenant.region}, tenant=tenant.key)
    browsers = Browsers(calls)
    shop = Shop(client, browsers, schedule, Rush(position.world, flags, flags.orders))
    _log.info("open", extra={"began": position.began})
    async with in_background(shop.open, browsers.run):
        await import_history(calls, position, ImportedFlags(client))
        await asyncio.Event().wait()


async def _position(settings: DemoShopSettings, calls: TelemetryCalls) -> Position:
    """Return where the history stands; begin it when it was never begun."""
    while True:
        try:
            found = await calls.imported()
            if found is not None:
                return found[0]
            now_ms = _now_ms()
            position = Position(settings.seed, str(local_time(now_ms).date()), settings.history_days, now_ms)
            await calls.bring_in([], position)
            return position
        except grpc.aio.AioRpcError as error:
            why = f"{error.code().name}: {error.details()}"
            _log.info("waiting for the telemetry service", extra={"error": why})
            await asyncio.sleep(_RETRY_SECONDS)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    """Run the shop as a process."""
    run_service(DemoShopSettings, running)
