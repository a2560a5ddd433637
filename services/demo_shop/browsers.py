"""The browsers of the story: what they tell is gathered and sent, as a page does it."""

import asyncio
import logging
from collections import deque
from typing import Final

import grpc.aio
from mirante.api.telemetry.v1 import event_pb2

from services.demo_shop.telemetry_calls import TelemetryCalls

_log = logging.getLogger(__name__)

_LINGER_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 2.0
_BATCH: Final = 500
_MOST: Final = 5_000
"""Events that wait; the oldest are let go, as a page lets go of what it could not send."""


class Browsers:
    """Gathers events, and sends them while `run` runs."""

    def __init__(self, calls: TelemetryCalls) -> None:
        self._calls = calls
        self._waiting: deque[event_pb2.Event] = deque(maxlen=_MOST)
        self._filled = asyncio.Event()

    def tell(self, event: event_pb2.Event) -> None:
        """Take an event."""
        self._waiting.append(event)
        self._filled.set()

    async def run(self) -> None:
        """Send what comes; for ever."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(_LINGER_SECONDS)
            self._filled.clear()
            while self._waiting:
                await self._send([self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))])

    async def _send(self, batch: list[event_pb2.Event]) -> None:
        try:
            await self._calls.send(batch)
        except grpc.aio.AioRpcError as error:
            _log.info("events of browsers wait", extra={"error": f"{error.code().name}: {error.details()}"})
            self._waiting.extendleft(reversed(batch))
            await asyncio.sleep(_RETRY_SECONDS)
