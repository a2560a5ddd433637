"""A crowd of thousands on bare HTTP/2: a few connections to each replica, many streams on each."""

import asyncio
import contextlib
import struct
from collections.abc import Sequence

from benchmarks.http2 import RST_STREAM, Connection, frame, grpc_message, request_headers
from tests.support.aio_crowd import WATCH
from tests.support.crowd import Acknowledger, Crowd
from tests.support.watch_state import WatchState

_CANCEL = struct.pack(">I", 8)
_OPEN_SECONDS = 60.0


class Link(Connection):
    """A connection that tells all of its streams when it is lost, and can leave a stream."""

    def __init__(self) -> None:
        super().__init__(self._take_message, self._take_end)
        self.streams: dict[int, tuple[WatchState, Acknowledger, asyncio.Future[str]]] = {}

    @classmethod
    async def to(cls, port: int) -> "Link":
        """Return an open connection; raise ConnectionError."""
        _, link = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return link

    def connection_lost(self, exc: Exception | None) -> None:
        """End all streams."""
        super().connection_lost(exc)
        for _, _, ended in self.streams.values():
            if not ended.done():
                ended.set_result("lost connections")

    def leave(self, stream: int) -> None:
        """Cancel a stream."""
        self.streams.pop(stream, None)
        if self.lost is None:
            self._transport.write(frame(RST_STREAM, 0, stream, _CANCEL))

    def _take_message(self, stream: int, message: bytes) -> None:
        found = self.streams.get(stream)
        if found is not None and found[0].receive(message):
            found[1].due()

    def _take_end(self, stream: int, trailers: bytes) -> None:
        found = self.streams.get(stream)
        if found is not None and not found[2].done():
            found[2].set_result(f"ended {_status(trailers)}")


class RawCrowd(Crowd):
    """Streams share `links_each` connections to each replica."""

    def __init__(
        self,
        ports: Sequence[int],
        secret: str,
        *,
        hop_seconds: tuple[float, float] | None = None,
        retry_seconds: float = 0.5,
        links_each: int = 8,
    ) -> None:
        super().__init__(ports, secret, hop_seconds=hop_seconds, retry_seconds=retry_seconds)
        self._headers = request_headers(WATCH, secret)
        self._links: dict[tuple[int, int], Link] = {}
        self._opening: dict[tuple[int, int], asyncio.Lock] = {}
        self._links_each = links_each
        self._turn = 0

    async def close(self) -> None:
        """End everybody, and the connections."""
        await super().close()
        for link in self._links.values():
            link.close()

    async def _stream(self, port: int, state: WatchState) -> str:
        link = await self._link(port)
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        stream = link.open(self._headers, grpc_message(state.subscribe()), end=False)
        acknowledger = Acknowledger(state, lambda message: link.send(stream, grpc_message(message)))
        link.streams[stream] = (state, acknowledger, ended)
        try:
            end = await ended
            link.streams.pop(stream, None)
            return end
        except asyncio.CancelledError:
            link.leave(stream)
            raise
        finally:
            acknowledger.cancel()

    async def _link(self, port: int) -> Link:
        self._turn += 1
        place = (port, self._turn % self._links_each)
        async with self._opening.setdefault(place, asyncio.Lock()):
            link = self._links.get(place)
            if link is None or link.lost is not None:
                with contextlib.suppress(KeyError):
                    del self._links[place]
                async with asyncio.timeout(_OPEN_SECONDS):
                    link = self._links[place] = await Link.to(port)
            return link


def _status(trailers: bytes) -> str:
    """Return the gRPC status in trailers, which is legible because the server may use no dynamic table."""
    _, found, rest = trailers.partition(b"grpc-status")
    return rest[1 : 1 + rest[0]].decode() if found else trailers.decode(errors="replace")
