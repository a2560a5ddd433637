"""Closed loops: a fixed number of calls, or of messages on long streams, always in flight."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.http2 import Connection, grpc_message, request_headers, succeeded


@dataclass(slots=True)
class Tally:
    """What came back in the timed window. Latencies are in seconds."""

    answered: int = 0
    failed: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Successful answers per second."""
        return self.answered / self.seconds


class UnaryLoop:
    """Keeps `in_flight` calls of one method open on each of `connections` connections."""

    def __init__(self, port: int, path: str, secret: str, body: bytes, *, connections: int, in_flight: int) -> None:
        self._port = port
        self._headers = request_headers(path, secret)
        self._message = grpc_message(body)
        self._connections = connections
        self._in_flight = in_flight
        self._tally = Tally()
        self._timed = self._stopping = False

    async def run(self, seconds: float, warm_up: float = 0.4) -> Tally:
        """Return what was answered in `seconds` after the warm-up."""
        links = [await self._link() for _ in range(self._connections)]
        await asyncio.sleep(warm_up)
        self._timed, start = True, time.perf_counter()
        await asyncio.sleep(seconds)
        self._timed, self._tally.seconds = False, time.perf_counter() - start
        self._stopping = True
        await asyncio.sleep(0.05)
        for link in links:
            link.close()
        return self._tally

    async def _link(self) -> Connection:
        started: dict[int, float] = {}

        def on_message(_stream: int, _message: bytes) -> None:
            pass

        def on_end(stream: int, trailers: bytes) -> None:
            took = time.perf_counter() - started.pop(stream)
            if self._timed:
                if succeeded(trailers):
                    self._tally.answered += 1
                    self._tally.latencies.append(took)
                else:
                    self._tally.failed += 1
            if not self._stopping:
                call()

        def call() -> None:
            started[link.open(self._headers, self._message, end=True)] = time.perf_counter()

        link = await Connection.connect(self._port, on_message, on_end)
        for _ in range(self._in_flight):
            call()
        return link


class StreamLoop(UnaryLoop):
    """Keeps `in_flight` messages under way on `connections` streams, one a connection."""

    async def _link(self) -> Connection:
        def on_message(stream: int, _message: bytes) -> None:
            if self._timed:
                self._tally.answered += 1
            if not self._stopping:
                link.send(stream, self._message)

        def on_end(_stream: int, _trailers: bytes) -> None:
            self._tally.failed += 1

        link = await Connection.connect(self._port, on_message, on_end)
        stream = link.open(self._headers, self._message, end=False)
        for _ in range(self._in_flight - 1):
            link.send(stream, self._message)
        return link
