"""uvicorn's WebSockets, and an outlet through which one serialised frame goes to any number of them."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

_OUTLET: Final = "mirante.outlet"


class Outlet(Protocol):
    """Where frames of one socket go that were serialised before."""

    def offer(self, frame: bytes) -> bool:
        """
        Send a whole frame, unless what was sent before is still on its way; never waits.

        Args:
            frame: as `text_frame` makes it.

        Returns:
            Whether it was taken. A socket that is closing takes everything, and sends nothing.
        """

    def when_ready(self, callback: Callable[[], None]) -> None:
        """Call back whenever everything that was sent is on its way, after a frame was not taken."""


def outlet_of(scope: Scope) -> Outlet:
    """Return the outlet of a socket that this server serves."""
    outlet: Outlet = scope["extensions"][_OUTLET]
    return outlet


def text_frame(text: str) -> bytes:
    """Return a text as a server sends it: whole, without a mask (RFC 6455, section 5.2)."""
    return bytes(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))


class SharingProtocol(WebSocketsSansIOProtocol):
    """
    One connection.

    The shared bytes are written to the transport as they are: serialising, the event loop's tasks and the queues of an
    ASGI server cost several times as much for each socket. Pings, the closing handshake and reading stay with uvicorn.
    """

    _ready: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. Anything that the system does not take at once counts as not ready."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)

    def handle_connect(self, event: Request) -> None:
        """Give the application the outlet."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[_OUTLET] = self

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._ready is not None:
            self._ready()

    def offer(self, frame: bytes) -> bool:
        """See `Outlet`."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return True
        if not self.writable.is_set():
            return False
        self.transport.write(frame)
        return True

    def when_ready(self, callback: Callable[[], None]) -> None:
        """See `Outlet`."""
        self._ready = callback
