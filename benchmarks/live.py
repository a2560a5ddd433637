"""
How long does it take from the commit of an event to the frame on a socket, with thousands of people watching?

10,000 sockets of 1,000 tenants on one gateway process, 2,000 sales a second in all, over the real telemetry and metrics
services; half way the gateway is replaced. The time begins when `Ingest` has answered, which is after the commit, and
ends when the socket has a frame whose `vendas_hora` counts the sale; every sale is counted once for every socket of its
tenant. Sockets that are away while the gateway is replaced are counted apart. Load and services share the machine.
"""

import argparse
import asyncio
import datetime
import json
import random
import time
from contextlib import AsyncExitStack

import grpc.aio
import httpx
import psutil
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.api.telemetry.v1 import event_pb2, ingest_service_pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub
from mirante.browser_tokens import BrowserTokens
from mirante.telemetry.event_id import uuid7

from benchmarks.live_crowd import Crowd
from benchmarks.measuring import report
from benchmarks.processes import child, resident_kib
from benchmarks.services_under_test import ENVIRONMENT, free_port, serving
from benchmarks.services_with_telemetry import Telemetry, telemetry_services

TICK_SECONDS = 0.05
MOST_IN_A_BATCH = 1_000
TOKEN_LIFETIME = datetime.timedelta(hours=1)
_MS = 1e3


class Latencies:
    """Milliseconds, in classes of one."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0

    def add(self, seconds: float) -> None:
        """Count one."""
        milliseconds = max(0, round(seconds * _MS))
        self._counts[milliseconds] = self._counts.get(milliseconds, 0) + 1
        self.count += 1

    def at(self, share: float) -> int | None:
        """Return a quantile."""
        left = share * self.count
        for milliseconds in sorted(self._counts):
            left -= self._counts[milliseconds]
            if left <= 0:
                return milliseconds
        return None

    def figures(self) -> dict[str, object]:
        """Return what is reported."""
        return {"p50": self.at(0.5), "p99": self.at(0.99), "max": max(self._counts, default=None), "count": self.count}


class Sales:
    """Sends sales at a steady rate; remembers when the n-th of each tenant was acknowledged."""

    def __init__(self, channel: grpc.aio.Channel, key: str, tenants: int) -> None:
        self._stub = IngestServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._random = random.Random(11)
        self._acknowledged: list[list[float]] = [[] for _ in range(tenants)]
        self.behind = 0

    def acknowledged(self, tenant: int) -> list[float]:
        """Return when each sale of a tenant was acknowledged."""
        return self._acknowledged[tenant]

    async def run(self, per_second: int, seconds: float) -> None:
        """Send for so long."""
        began, sent = time.monotonic(), 0
        flying: set[asyncio.Task[None]] = set()
        while (now := time.monotonic() - began) < seconds:
            due = min(MOST_IN_A_BATCH, int(now * per_second) - sent)
            if due > 0 and len(flying) < 8:
                sent += due
                task = asyncio.create_task(self._send(due))
                flying.add(task)
                task.add_done_callback(flying.discard)
            elif due >= MOST_IN_A_BATCH:
                self.behind += 1
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*flying)

    async def _send(self, count: int) -> None:
        tenants = [self._random.randrange(len(self._acknowledged)) for _ in range(count)]
        request = ingest_service_pb2.IngestRequest(events=[self._sale(tenant) for tenant in tenants])
        request.environment = ENVIRONMENT
        response = await self._stub.Ingest(request, metadata=self._metadata, timeout=30)
        now = time.monotonic()
        if any(status != ingest_service_pb2.EVENT_STATUS_ACCEPTED for status in response.statuses):
            raise RuntimeError(f"not all were accepted: {response.problems[:1]}")
        for tenant in tenants:
            self._acknowledged[tenant].append(now)

    def _sale(self, tenant: int) -> event_pb2.Event:
        event = event_pb2.Event(
            id=uuid7().bytes, name="venda_criada", tenant=f"t{tenant}", user_id=f"u{self._random.randrange(50)}"
        )
        event.occurred_at.FromNanoseconds(time.time_ns())
        properties = event.properties
        properties["venda_id"].string_value = f"v-{self._random.randrange(10**9)}"
        properties["valor"].string_value = f"{self._random.randrange(1, 500_000) / 100:.2f}"
        properties["moeda"].string_value = "BRL"
        properties["itens_count"].int_value = self._random.randrange(1, 12)
        properties["metodo_pagamento"].string_value = "pix"
        return event


class Edge:
    """The metrics service and the gateway, as processes."""

    def __init__(self, stack: AsyncExitStack, telemetry: Telemetry, tokens: BrowserTokens) -> None:
        self._stack = stack
        self._telemetry = telemetry
        self.tokens = tokens
        self.metrics_port, self.port = free_port(), free_port()
        self.metrics: psutil.Process | None = None
        self.gateway: psutil.Process | None = None

    async def start(self) -> None:
        """Run both."""
        services = self._telemetry.services
        metrics = self._stack.enter_context(
            child(
                ["-m", "services.metrics"],
                {
                    "DATABASE_URL": services.datastores.database_url,
                    "REDIS_URL": services.datastores.redis_url,
                    "MIRANTE_METRICS_PORT": str(self.metrics_port),
                    **self._addresses(),
                },
                pinned=False,
            )
        )
        self.metrics = psutil.Process(metrics.pid)
        await serving(self.metrics_port)
        await self.start_gateway()

    async def start_gateway(self) -> None:
        """Run the gateway, anew after `stop_gateway`."""
        process = self._stack.enter_context(child(["-m", "services.gateway"], self._addresses(), pinned=False))
        self._process, self.gateway = process, psutil.Process(process.pid)
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while True:
                try:
                    if (await http.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def stop_gateway(self) -> None:
        """End it as a deployment does, and wait for that."""
        assert self.gateway is not None
        self.gateway.terminate()
        await asyncio.to_thread(self._process.wait)

    def _addresses(self) -> dict[str, str]:
        return {
            "MIRANTE_HOME": str(self._telemetry.services.home),
            "MIRANTE_FLAGS_ADDRESS": f"127.0.0.1:{self._telemetry.services.ports[0]}",
            "MIRANTE_TELEMETRY_ADDRESS": f"127.0.0.1:{self._telemetry.ports[0]}",
            "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{self.metrics_port}",
            "MIRANTE_HTTP_PORT": str(self.port),
        }


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=2_000, help="events per second in all")
    parser.add_argument("--seconds", type=float, default=300.0)
    arguments = parser.parse_args()
    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(telemetry_services(pinned=False))
        edge = Edge(stack, telemetry, await _tokens(telemetry))
        await edge.start()
        report("event to frame on a socket", await _measure(edge, telemetry, arguments))


async def _tokens(telemetry: Telemetry) -> BrowserTokens:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    tokens = BrowserTokens(pem, key_id="benchmark")
    request = access_pb2.SetBrowserAccessRequest(
        environment=ENVIRONMENT, token_keys=[access_pb2.TokenKey(**tokens.jwk())]
    )
    metadata = (("authorization", f"Bearer {telemetry.services.keys['admin']}"),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{telemetry.services.ports[0]}") as channel:
        await AccessAdminServiceStub(channel).SetBrowserAccess(request, metadata=metadata)
    return tokens


async def _measure(edge: Edge, telemetry: Telemetry, arguments: argparse.Namespace) -> dict[str, object]:
    assert edge.gateway is not None
    assert edge.metrics is not None
    steady, away = Latencies(), Latencies()
    replacing = False

    def on_count(tenant: int, before: int, after: int, now: float) -> None:
        counted = away if replacing else steady
        for acknowledged in sales.acknowledged(tenant)[before:after]:
            counted.add(now - acknowledged)

    key = telemetry.services.keys["browser"]
    hellos = [
        (number % arguments.tenants, _hello(edge.tokens, key, number % arguments.tenants, number))
        for number in range(arguments.sockets)
    ]
    crowd = Crowd(edge.port, on_count)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{telemetry.ports[0]}") as channel:
        sales = Sales(channel, telemetry.services.keys["server"], arguments.tenants)
        empty_kib = resident_kib(edge.gateway.pid)
        opening = await crowd.open(hellos)
        await asyncio.sleep(5)
        open_kib = resident_kib(edge.gateway.pid)
        sending = asyncio.create_task(sales.run(arguments.rate, arguments.seconds))
        cpu = _cpu(edge)
        frames = crowd.frames
        await asyncio.sleep(arguments.seconds / 2 - 5)
        figures: dict[str, object] = _shares(cpu, _cpu(edge), crowd.frames - frames, arguments.seconds / 2 - 5)
        replacing = True
        began = time.monotonic()
        await edge.stop_gateway()
        await edge.start_gateway()
        await crowd.everybody()
        back = time.monotonic() - began
        await asyncio.sleep(5)
        replacing = False
        await sending
        await asyncio.sleep(2)
        missing = crowd.missing
        crowd.close()
    known = sum(len(sales.acknowledged(tenant)) for tenant in range(arguments.tenants))
    return figures | {
        "sockets": arguments.sockets,
        "tenants": arguments.tenants,
        "events": known,
        "commit_to_frame_ms": steady.figures(),
        "while_gateway_is_replaced_ms": away.figures(),
        "seconds_until_all_are_open": round(opening, 1),
        "seconds_until_all_are_back": round(back, 1),
        "sockets_that_are_not_back": missing,
        "gateway_kib_per_socket": round((open_kib - empty_kib) / arguments.sockets, 1),
        "gateway_mib": round(open_kib / 1024),
        "problems": dict(crowd.problems),
        "closes": dict(crowd.closes),
        "ticks_behind": sales.behind,
    }


def _hello(tokens: BrowserTokens, key: str, tenant: int, user: int) -> bytes:
    token = tokens.mint(environment=ENVIRONMENT, tenant=f"t{tenant}", user=f"user-{user}", lifetime=TOKEN_LIFETIME)
    return json.dumps({"type": "hello", "key": key, "token": token}).encode()


def _cpu(edge: Edge) -> tuple[float, float]:
    assert edge.gateway is not None
    assert edge.metrics is not None
    gateway, metrics = edge.gateway.cpu_times(), edge.metrics.cpu_times()
    return gateway.user + gateway.system, metrics.user + metrics.system


def _shares(before: tuple[float, float], after: tuple[float, float], frames: int, seconds: float) -> dict[str, object]:
    return {
        "socket_frames_per_second": round(frames / seconds),
        "gateway_cores": round((after[0] - before[0]) / seconds, 2),
        "gateway_us_per_socket_frame": round((after[0] - before[0]) / max(1, frames) * 1e6, 1),
        "metrics_cores": round((after[1] - before[1]) / seconds, 2),
    }


if __name__ == "__main__":
    uvloop.run(main())
