"""Connections on which no whole request comes are closed: otherwise anybody could hold all of them, with nothing."""

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS: Final = 20.0
"""From the first, or the last, byte that came to the end of a request's headers."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, with an end to waiting for headers. Bodies and WebSockets have limits of their own."""

    seconds = SECONDS
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Wait from now on."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait anew after a request, so that a slow second one is as bad as a slow first one."""
        if self._waiting is None and self._between_requests():
            self._wait()
        super().data_received(data)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to its new protocol."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self._between_requests() and not self.transport.is_closing():
            self.transport.close()

    def _between_requests(self) -> bool:
        cycle: Any = self.cycle
        return cycle is None or bool(cycle.response_complete)
