"""The live state of one tenant, and the sockets that follow it."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2

from services.gateway.live.state import LiveState
from services.gateway.live.subscriber import Subscriber

_AT_ONCE: Final = 500
"""Sockets that are written to before others have a turn: a few milliseconds."""


class Feed:
    """
    One tenant. `watchers` is for whoever holds it.

    Attributes:
        heard_at: when something was heard of the tenant, or its silence was told, in the time of the event loop.
    """

    def __init__(self) -> None:
        self.state = LiveState()
        self.watchers = 0
        self.heard_at = asyncio.get_running_loop().time()
        self._subscribers: dict[Subscriber, None] = {}
        self._telling: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def telling(self, subscriber: Subscriber) -> Iterator[None]:
        """Tell a subscriber what is known, and then what is new, until the block ends."""
        self._subscribers[subscriber] = None
        subscriber.offer()
        try:
            yield
        finally:
            del self._subscribers[subscriber]

    def take(self, frame: metrics_pb2.LiveFrame) -> None:
        """Take in the next frame, and tell everybody."""
        self.state.apply(frame)
        self._tell()

    def note_silence(self) -> None:
        """Tell everybody that nothing is heard."""
        self.state.note_silence()
        self._tell()

    def _tell(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        if len(self._subscribers) <= _AT_ONCE:
            for subscriber in list(self._subscribers):
                subscriber.offer()
        elif self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_in_turns())

    async def _tell_in_turns(self) -> None:
        told = -1
        while told != self.state.version:
            told = self.state.version
            for number, subscriber in enumerate(list(self._subscribers), 1):
                subscriber.offer()
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
