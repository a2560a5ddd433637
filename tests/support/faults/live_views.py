"""The live numbers of tenants from wherever people look at them: the admin API, a socket, and the values in Redis."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.browser_tokens import BrowserTokens
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.flag_service_process import ENVIRONMENT
from tests.support.probes import going_on
from tests.support.sql_recount import Numbers, minute_of, recounted, shown
from tests.support.whole_mirante import LIVE, WholeMirante

View = tuple[int, Numbers]
"""The minute (since 1970) that the windows end with, and the numbers."""


@dataclass
class Sockets:
    """A socket of each tenant, opened again whenever it breaks."""

    newest: dict[str, View] = field(default_factory=dict)
    opened: int = 0
    foreign: list[str] = field(default_factory=list)
    """Messages that told of another tenant. There must be none."""

    async def views(self) -> Mapping[str, View]:
        """Return what the sockets have heard last."""
        return dict(self.newest)

    async def watch(self, mirante: WholeMirante, tokens: BrowserTokens, tenant: str) -> None:
        """Watch a tenant for ever."""
        token = tokens.mint(environment=ENVIRONMENT, tenant=tenant, user="manager")
        hello = json.dumps({"type": "hello", "key": mirante.keys["browser"], "token": token})
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(f"ws://{mirante.gateway.address}/ws/metrics", proxy=None) as socket:
                    await socket.send(hello)
                    self.opened += 1
                    async for text in socket:
                        self._take(tenant, json.loads(text))
            await asyncio.sleep(0.1)

    def _take(self, tenant: str, message: Any) -> None:
        if message.get("tenant", tenant) != tenant:
            self.foreign.append(f"{tenant}: {message}")
        if message["type"] in ("snapshot", "frame") and not message["catching_up"]:
            self.newest[tenant] = minute_of(message["as_of"]), shown(message["metrics"])


@asynccontextmanager
async def open_sockets(mirante: WholeMirante, tokens: BrowserTokens, tenants: Iterable[str]) -> AsyncIterator[Sockets]:
    """Hold sockets of tenants until the block ends."""
    sockets = Sockets()
    async with going_on(*[sockets.watch(mirante, tokens, tenant) for tenant in tenants]):
        yield sockets


async def by_api(mirante: WholeMirante, tenants: Iterable[str]) -> dict[str, View]:
    """Return what the admin API says; a tenant that is still being counted is left out."""
    found = {}
    for tenant in tenants:
        frame = (await mirante.ask(f"{LIVE}/GetLiveMetrics", tenant=tenant))["frame"]
        if not frame["catchingUp"]:
            found[tenant] = minute_of(frame["asOf"]), shown(frame["metrics"])
    return found


async def in_redis(redis_url: str, tenants: Iterable[str]) -> dict[str, View]:
    """Return what stands in Redis; a tenant without values is left out."""
    found = {}
    async with Redis.from_url(redis_url) as redis:
        for tenant in tenants:
            value = await redis.get(f"mirante:live:{ENVIRONMENT}:{tenant}:metrics")
            if isinstance(value, bytes):
                frame = MessageToDict(pb2.LiveFrame.FromString(value))
                found[tenant] = minute_of(frame["asOf"]), shown(frame["metrics"])
    return found


async def differences(database_url: str, views: Mapping[str, View]) -> dict[str, str]:
    """Return what is wrong with numbers, by tenant: each is counted by SQL for the minute that it is of."""
    counted = {
        minute: await recounted(database_url, views, minute) for minute in {minute for minute, _ in views.values()}
    }
    return {
        tenant: f"shown {numbers}, counted {counted[minute][tenant]}"
        for tenant, (minute, numbers) in views.items()
        if numbers != counted[minute][tenant]
    }
