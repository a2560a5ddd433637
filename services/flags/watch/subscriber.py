"""One subscriber, and what is under way to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from services.flags.watch.resume_token import Position
from services.flags.watch.transfers import Transfers
from services.runtime.calls.streams import OpenStream
from services.runtime.errors import InvalidRequest, ServiceError

_log = logging.getLogger(__name__)

Write = Callable[[bytes], Awaitable[None]]


class Subscriber:
    """
    Sends what its subscriber lacks, one message at a time.

    There is no queue: what is due is worked out when the last message has gone out. A subscriber that reads slowly gets
    one merged change for all that happened meanwhile. While nothing is due there is no task.
    """

    __slots__ = (
        "_farewell", "_greeted", "_heartbeat", "_highest", "_position", "_sending", "_stream", "_task", "_transfers",
        "_write", "applied", "instance", "name", "quiet_since", "writing_since",
    )  # fmt: skip

    def __init__(
        self,
        write: Write,
        stream: OpenStream,
        transfers: Transfers,
        position: Position | None,
        *,
        name: str,
        instance: str,
    ) -> None:
        self._write = write
        self._stream = stream
        self._transfers = transfers
        self._position = position
        self._greeted = False
        self._highest = 0
        self._sending = False
        self._task: asyncio.Task[None] | None = None
        self._heartbeat = False
        self._farewell: bytes | None = None
        self.applied = 0 if position is None or position[0] != transfers.position[0] else position[1]
        """The newest revision that the subscriber says it has applied, in the present lineage."""
        self.name = name
        self.instance = instance
        self.quiet_since = asyncio.get_running_loop().time()
        """When the last message went out, by the loop's clock."""
        self.writing_since: float | None = None
        """When the message that is going out began to; None while nothing is."""

    @property
    def current(self) -> bool:
        """Whether everything has been sent."""
        return self._greeted and self._position == self._transfers.position

    def wake(self) -> None:
        """Send what is due."""
        if not self._sending:
            self._sending = True
            self._task = asyncio.create_task(self._send())

    def send_heartbeat(self) -> None:
        """Send a heartbeat, unless something else is under way."""
        if not self._sending:
            self._heartbeat = True
            self.wake()

    def say_goodbye(self, farewell: bytes) -> None:
        """Send a last message after what is under way, and end the stream."""
        self._farewell = farewell
        self.wake()

    def end_stream(self, error: ServiceError) -> None:
        """End the stream with a status."""
        self._stream.close(error)

    def close(self) -> None:
        """Stop sending: the stream has ended."""
        if self._task is not None:
            self._task.cancel()

    async def finish(self) -> None:
        """Return when nothing is being sent any more."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def acknowledge(self, revision: int) -> bool:
        """
        Note what the subscriber has applied; return whether that is news.

        Raises:
            InvalidRequest: it was never sent that revision.
        """
        if self._position is None or revision > self._position[1]:
            if revision > self._highest:
                raise InvalidRequest.of("applied.revision", "is above what was sent on this stream")
            return False  # of a lineage that ended while the acknowledgement was under way
        if revision <= self.applied:
            return False
        self.applied = revision
        return True

    async def _send(self) -> None:
        try:
            while True:
                if not self.current:
                    await self._bring_up_to_date()
                elif self._farewell is not None:
                    await self._deliver(self._farewell)
                    self._stream.close()
                    return
                elif self._heartbeat:
                    self._heartbeat = False
                    await self._deliver(self._transfers.heartbeat)
                else:
                    return
        except Exception as error:  # noqa: BLE001 - what gRPC raises when a stream has ended is not specified
            _log.debug("a watch stream ended while it was written to", extra={"error": type(error).__name__})
        finally:
            self._sending, self._task = False, None

    async def _bring_up_to_date(self) -> None:
        target = self._transfers.position
        parts = self._transfers.parts_from(self._position)
        if self._position is not None and self._position[0] != target[0]:
            self.applied = 0
        # Before it has gone out: the acknowledgement may be here before the write returns.
        self._position, self._greeted = target, True
        self._highest = max(self._highest, target[1])
        for part in parts:
            await self._deliver(part)

    async def _deliver(self, message: bytes) -> None:
        clock = asyncio.get_running_loop().time
        self.writing_since = clock()
        await self._write(message)
        self.writing_since, self.quiet_since = None, clock()
