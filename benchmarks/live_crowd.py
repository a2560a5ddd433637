"""Many open sockets of live metrics: as little as a client can do, so that the gateway is what is measured."""

import asyncio
import base64
import json
import os
import random
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

COUNTED: Final = b'"metric":"vendas_hora"'
_VALUE: Final = b'"value":"'
_SNAPSHOT: Final = b'{"type":"snapshot"'
_RETRY_SECONDS: Final = 5.0


class CrowdSocket(asyncio.Protocol):
    """One socket; connects again after a random part of 5 s when it is closed, as browsers do."""

    def __init__(self, crowd: "Crowd", tenant: int, hello: bytes) -> None:
        self._crowd, self.tenant, self._hello = crowd, tenant, hello
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open = False
        self.known = 0
        self.has_snapshot = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as streams have it
        """Ask for a WebSocket."""
        self._transport = transport
        self._buffer.clear()
        self._open = False
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take whole frames out of what came."""
        buffer = self._buffer
        buffer += data
        if not self._open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self._crowd.problems[bytes(buffer[9:12]).decode()] += 1
                self.close()
                return
            del buffer[: end + 4]
            self._open = True
            self._send(0x1, self._hello)
        while (size := _frame_size(buffer)) is not None and len(buffer) >= sum(size):
            head, length = size
            self._take(buffer[0] & 0x0F, bytes(buffer[head : head + length]))
            del buffer[: head + length]

    def connection_lost(self, _error: Exception | None) -> None:
        """Connect again later."""
        self._crowd.lost(self)
        self.has_snapshot = False

    def close(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 0x1:
            now = time.monotonic()
            self._crowd.frames += 1
            self._crowd.bytes += len(payload)
            if not self.has_snapshot and payload.startswith(_SNAPSHOT):
                self.has_snapshot = True
                self._crowd.greeted(self)
            elif payload.startswith(b'{"type":"problem"'):
                self._crowd.problems[json.loads(payload)["problem"]["reason"]] += 1
            at = payload.find(COUNTED)
            if at >= 0:
                start = payload.index(_VALUE, at) + len(_VALUE)
                value = int(payload[start : payload.index(b'"', start)] or b"0")
                if value > self.known:
                    self._crowd.on_count(self.tenant, self.known, value, now)
                    self.known = value
        elif opcode == 0x9:
            self._send(0xA, payload)
        elif opcode == 0x8 and self._transport is not None:
            self._crowd.closes[int.from_bytes(payload[:2], "big")] += 1
            self._transport.close()

    def _send(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        length = len(payload)
        head = (
            bytes([0x80 | opcode, 0x80 | length]) if length < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, length)
        )
        # A mask of zeros leaves the payload as it is.
        self._transport.write(head + b"\0\0\0\0" + payload)


class Crowd:
    """All sockets, `per_tenant` for each tenant."""

    def __init__(self, port: int, on_count: Callable[[int, int, int, float], None]) -> None:
        self._port = port
        self.on_count = on_count
        self._sockets: list[CrowdSocket] = []
        self._greeted = 0
        self._all = asyncio.Event()
        self._closing = False
        self._random = random.Random(7)
        self._tasks: set[asyncio.Task[None]] = set()
        self.frames = self.bytes = 0
        self.problems: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()

    async def open(self, hellos: Sequence[tuple[int, bytes]], at_once: int = 100) -> float:
        """Open a socket for each (tenant's number, first message); return the seconds until all have a snapshot."""
        began = time.monotonic()
        self._sockets = [CrowdSocket(self, tenant, hello) for tenant, hello in hellos]
        room = asyncio.Semaphore(at_once)

        async def connect(socket: CrowdSocket) -> None:
            async with room:
                await self._connect(socket)

        await asyncio.gather(*[connect(socket) for socket in self._sockets])
        await self.everybody()
        return time.monotonic() - began

    async def everybody(self) -> None:
        """Return when every socket has had a snapshot since it was connected last."""
        async with asyncio.timeout(180):
            await self._all.wait()

    @property
    def missing(self) -> int:
        """How many sockets have no snapshot."""
        return len(self._sockets) - self._greeted

    def greeted(self, _socket: CrowdSocket) -> None:
        """Note that one has its snapshot."""
        self._greeted += 1
        if self._greeted == len(self._sockets):
            self._all.set()

    def lost(self, socket: CrowdSocket) -> None:
        """Bring one back after a while."""
        self._greeted -= socket.has_snapshot
        self._all.clear()
        if not self._closing:
            task = asyncio.ensure_future(self._return(socket))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Close all for good."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        for socket in self._sockets:
            socket.close()

    async def _return(self, socket: CrowdSocket) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0.0, _RETRY_SECONDS))
            try:
                await self._connect(socket)
            except OSError:
                continue
            return

    async def _connect(self, socket: CrowdSocket) -> None:
        await asyncio.get_running_loop().create_connection(lambda: socket, "127.0.0.1", self._port)


def _frame_size(buffer: bytearray) -> tuple[int, int] | None:
    """Return the lengths of head and payload of the first frame; None when its head is not there yet."""
    if len(buffer) < 2:
        return None
    length = buffer[1]
    if length < 126:
        return 2, length
    if length == 126:
        return (4, int.from_bytes(buffer[2:4], "big")) if len(buffer) >= 4 else None
    return (10, int.from_bytes(buffer[2:10], "big")) if len(buffer) >= 10 else None
