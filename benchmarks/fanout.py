"""
How fast does one kill reach every open stream, and what does a stream cost?

Beside a bare server that writes the same bytes to all streams. Times are from the answer of KillFlag (of Push) to the
last stream's message, and from the call; memory is the server's, from before the streams to all of them idle.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from benchmarks.http2 import Connection, grpc_message, request_headers
from benchmarks.measuring import median, report, spread
from benchmarks.processes import CLIENT_CORE, bare_server, pin, resident_kib
from benchmarks.services_under_test import ENVIRONMENT, Services, create_flag, flag_services, switch_flag

WATCH = "/mirante.api.flags.v1.FlagSyncService/WatchFlags"
SIZES = ((1_000, 4), (1_000, 1_000), (5_000, 5))
PUSHES = 9


class Audience:
    """Many open streams; knows when the last of them has heard of a push."""

    def __init__(self, port: int, path: str, secret: str, first: bytes) -> None:
        self._port, self._headers, self._first = port, request_headers(path, secret), grpc_message(first)
        self._connections: list[Connection] = []
        self._greeted: set[tuple[int, int]] = set()
        self._heard: set[tuple[int, int]] = set()
        self._expected = 0
        self._wanted: bytes | None = None
        self._last = 0.0
        self._everybody = asyncio.Event()
        self.ended = 0

    async def open(self, streams: int, connections: int) -> float:
        """Open all streams at once; return the seconds until each has got its first transfer."""
        start = time.perf_counter()
        self._expected = streams
        for number in range(connections):
            self._connections.append(await Connection.connect(self._port, self._on_message(number), self._on_end))
        for number in range(streams):
            self._connections[number % connections].open(self._headers, self._first, end=False)
        async with asyncio.timeout(120):
            await self._everybody.wait()
        return time.perf_counter() - start

    async def push(self, trigger: Callable[[], Awaitable[object]], wanted: bytes) -> tuple[float, float]:
        """Return the milliseconds from the trigger's call, and from its answer, to the last stream."""
        self._heard.clear()
        self._everybody.clear()
        self._wanted = wanted
        called = time.perf_counter()
        await trigger()
        answered = time.perf_counter()
        async with asyncio.timeout(30):
            await self._everybody.wait()
        return (self._last - called) * 1e3, max(0.0, self._last - answered) * 1e3

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    def _on_message(self, number: int) -> Callable[[int, bytes], None]:
        def on_message(stream: int, message: bytes) -> None:
            mark = (number, stream)
            if mark not in self._greeted:
                self._greeted.add(mark)
                if len(self._greeted) == self._expected:
                    self._everybody.set()
            elif self._wanted is not None and self._wanted in message:
                self._heard.add(mark)
                if len(self._heard) == self._expected:
                    self._last = time.perf_counter()
                    self._everybody.set()

        return on_message

    def _on_end(self, _stream: int, _trailers: bytes) -> None:
        self.ended += 1


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, help="this many alone, over the connections of --connections")
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    pin(CLIENT_CORE)
    figures: dict[str, object] = {}
    for streams, connections in [(arguments.streams, arguments.connections)] if arguments.streams else SIZES:
        figures[f"{streams} streams over {connections} connections"] = {
            "service": await _service(streams, connections),
            "bare": await _bare(streams, connections),
        }
    report("fan-out of one kill", figures)


async def _service(streams: int, connections: int) -> dict[str, object]:
    async with flag_services(MIRANTE_FLAGS_STREAMS_PER_KEY="20000") as services:
        for number in range(PUSHES):
            create_flag(services, switch_flag(f"fanout_{number}"))
        await asyncio.sleep(1)
        subscribe = sync_pb2.WatchFlagsRequest(subscribe=sync_pb2.Subscribe(client_name="bench"))
        audience = Audience(services.ports[0], WATCH, services.keys["server"], subscribe.SerializeToString())
        before = resident_kib(services.pids[0])
        opened = await audience.open(streams, connections)
        await asyncio.sleep(1)
        kib = (resident_kib(services.pids[0]) - before) / streams
        times = [await audience.push(_killing(services, number), b"fanout") for number in range(PUSHES)]
        audience.close()
    return _figures(times, opened, kib) | {"streams_ended": audience.ended}


def _killing(services: Services, number: int) -> Callable[[], Awaitable[object]]:
    admin, metadata = services.admin()
    request = admin_pb2.KillFlagRequest(environment=ENVIRONMENT, flag_key=f"fanout_{number}", reason="fanout")
    return lambda: asyncio.to_thread(admin.KillFlag, request, metadata=metadata)


async def _bare(streams: int, connections: int) -> dict[str, object]:
    async with bare_server() as (port, pid):
        audience = Audience(port, "/bare/Watch", "", b"subscribe")
        before = resident_kib(pid)
        opened = await audience.open(streams, connections)
        await asyncio.sleep(1)
        kib = (resident_kib(pid) - before) / streams
        times = [await audience.push(await _pushing(port), b"fanout") for _ in range(PUSHES)]
        audience.close()
    return _figures(times, opened, kib)


async def _pushing(port: int) -> Callable[[], Awaitable[object]]:
    answered = asyncio.Event()
    link = await Connection.connect(port, lambda _stream, _message: None, lambda _stream, _trailers: answered.set())

    async def push() -> None:
        link.open(request_headers("/bare/Push", ""), grpc_message(b"fanout".ljust(200, b".")), end=True)
        await answered.wait()
        link.close()

    return push


def _figures(times: list[tuple[float, float]], opened: float, kib: float) -> dict[str, object]:
    called, answered = [call for call, _ in times[1:]], [answer for _, answer in times[1:]]
    return {
        "last_ms_from_call": {"median": median(called), "spread": spread(called)},
        "last_ms_from_answer": {"median": median(answered), "spread": spread(answered)},
        "opened_seconds": round(opened, 2),
        "kib_per_stream": round(kib, 1),
    }


if __name__ == "__main__":
    asyncio.run(main())
