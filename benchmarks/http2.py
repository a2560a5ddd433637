"""
A gRPC load client on bare sockets: a Python gRPC client would be slower than the server that it measures.

Speaks just enough HTTP/2 (RFC 9113) and HPACK (RFC 7541, literals only) for one authority: opens streams, sends gRPC
messages, hands every received message and every end of stream to callbacks. Requests are sent as they come, within the
connection's flow-control window; receive windows are opened as wide as the protocol allows.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import cast

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
_MAX_WINDOW = (1 << 31) - 1
_INITIAL_WINDOW = 65_535

OnMessage = Callable[[int, bytes], None]
OnEnd = Callable[[int, bytes], None]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def grpc_message(body: bytes) -> bytes:
    """Return a message with its gRPC prefix."""
    return struct.pack(">BI", 0, len(body)) + body


def request_headers(path: str, secret: str) -> bytes:
    """Return the header block of a gRPC request, without entries in the dynamic table."""
    block = bytearray([0x83, 0x86])  # :method POST, :scheme http
    block += b"\x04" + _text(path)
    block += b"\x01" + _text("localhost")
    block += b"\x0f\x10" + _text("application/grpc")
    block += b"\x00" + _text("te") + _text("trailers")
    if secret:
        block += b"\x0f\x08" + _text(f"Bearer {secret}")
    return bytes(block)


def _text(value: str) -> bytes:
    data = value.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    return bytes([127, len(data) - 127]) + data  # values here are shorter than 254 bytes


class Connection(asyncio.Protocol):
    """One connection; stream ids are chosen by `open`."""

    def __init__(self, on_message: OnMessage, on_end: OnEnd) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._buffer = bytearray()
        self._partial: dict[int, bytearray] = {}
        self._window = _INITIAL_WINDOW
        self._blocked: deque[tuple[int, int, bytes]] = deque()
        self._next_stream = 1
        self._transport: asyncio.Transport
        self.lost: str | None = None

    @classmethod
    async def connect(cls, port: int, on_message: OnMessage, on_end: OnEnd) -> "Connection":
        """Return an open connection to this machine's port."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(lambda: cls(on_message, on_end), "127.0.0.1", port)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce ourselves: no dynamic header table, the widest windows."""
        self._transport = cast("asyncio.Transport", transport)
        settings = struct.pack(">HIHI", 1, 0, 4, _MAX_WINDOW)
        self._transport.write(
            PREFACE
            + frame(SETTINGS, 0, 0, settings)
            + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", _MAX_WINDOW - _INITIAL_WINDOW))
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that nothing more will come."""
        self.lost = self.lost or f"closed {exc or ''}"

    def open(self, headers: bytes, message: bytes, *, end: bool) -> int:
        """Open a stream, send its first message and return its id; `end` says that no other follows."""
        stream = self._next_stream
        self._next_stream += 2
        self._transport.write(frame(HEADERS, END_HEADERS, stream, headers))
        self.send(stream, message, end=end)
        return stream

    def send(self, stream: int, message: bytes, *, end: bool = False) -> None:
        """Send a message (with its prefix) on an open stream, now or when the window allows."""
        flags = END_STREAM if end else 0
        if self._blocked or len(message) > self._window:
            self._blocked.append((stream, flags, message))
            return
        self._window -= len(message)
        self._transport.write(frame(DATA, flags, stream, message))

    def close(self) -> None:
        """Close without ceremony."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take frames apart."""
        buffer = self._buffer
        buffer += data
        position, size = 0, len(buffer)
        while size - position >= 9:
            length = int.from_bytes(buffer[position : position + 3], "big")
            if size - position < 9 + length:
                break
            kind, flags = buffer[position + 3], buffer[position + 4]
            stream = int.from_bytes(buffer[position + 5 : position + 9], "big") & _MAX_WINDOW
            self._take(kind, flags, stream, bytes(buffer[position + 9 : position + 9 + length]))
            position += 9 + length
        del buffer[:position]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == DATA:
            self._messages(stream, payload)
            if flags & END_STREAM:
                self._on_end(stream, b"")
        elif kind == HEADERS:
            if flags & END_STREAM:
                self._on_end(stream, payload)
        elif kind == RST_STREAM:
            self._on_end(stream, b"reset")
        elif kind == WINDOW_UPDATE and stream == 0:
            self._window += int.from_bytes(payload, "big")
            self._unblock()
        elif kind == SETTINGS and not flags & ACK:
            self._transport.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self._transport.write(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.lost = f"goaway {payload[8:]!r}"

    def _messages(self, stream: int, payload: bytes) -> None:
        partial = self._partial.get(stream)
        if partial is not None:
            partial += payload
            payload = bytes(partial)
        while len(payload) >= 5:
            end = 5 + int.from_bytes(payload[1:5], "big")
            if len(payload) < end:
                break
            self._on_message(stream, payload[5:end])
            payload = payload[end:]
        if payload:
            self._partial[stream] = bytearray(payload)
        elif partial is not None:
            del self._partial[stream]

    def _unblock(self) -> None:
        while self._blocked and len(self._blocked[0][2]) <= self._window:
            stream, flags, message = self._blocked.popleft()
            self._window -= len(message)
            self._transport.write(frame(DATA, flags, stream, message))


def succeeded(trailers: bytes) -> bool:
    """Return whether trailers carry status 0; legible because the server may use no dynamic table."""
    return b"grpc-status\x010" in trailers
