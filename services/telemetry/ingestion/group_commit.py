"""
Commits events in groups: what arrives while the database works goes together into the next transaction.

There is no timer. A lone event is committed at once; under load a group is what came in during the last one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from services.runtime.errors import ServiceError, Unavailable
from services.telemetry.ingestion.candidates import Submission
from services.telemetry.ingestion.fair_queue import FairQueue
from services.telemetry.ingestion.log_writer import LogWriter
from services.telemetry.ingestion.rounds import Turn

LANES: Final = 2
"""Transactions at once: while one waits for the disk, the next is being made."""

_GROUP_EVENTS: Final = 2_000
_GROUP_BYTES: Final = 4 * 1024 * 1024
_LEAST_RETRY, _LONGEST_RETRY = 0.1, 10.0


class GroupCommit:
    """
    A queue of `most_bytes` in front of a writer.

    `on_commit` is called after every commit and must not wait.
    """

    def __init__(self, writer: LogWriter, most_bytes: int, on_commit: Callable[[Sequence[Submission]], None]) -> None:
        self._writer = writer
        self._on_commit = on_commit
        self.queue = FairQueue(most_bytes)
        self._rate = 1.0e6
        self.committed = 0
        """Events in committed groups, whatever became of them."""

    def enqueue(self, turn: Turn, submission: Submission) -> "asyncio.Future[None]":
        """
        Return what is done once a submission was committed; its `results` are set then.

        It may fail with Unavailable, see `LogWriter`.

        Raises:
            Overloaded: too much is waiting.
        """
        return self.queue.put(turn, submission, self.retry_seconds)

    def lanes(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what has to run beside the calls."""
        return [self._lane] * LANES

    @property
    def retry_seconds(self) -> float:
        """How long what waits takes."""
        return min(_LONGEST_RETRY, max(_LEAST_RETRY, self.queue.bytes / self._rate))

    async def _lane(self) -> None:
        while True:
            taken = await self.queue.take(_GROUP_EVENTS, _GROUP_BYTES)
            try:
                await self._write([submission for submission, _ in taken])
            except BaseException as error:
                failure = error if isinstance(error, ServiceError) else Unavailable("the events could not be stored")
                for _, done in taken:
                    if not done.done():
                        done.set_exception(failure)
                        done.exception()  # whoever waited may be gone
                if not isinstance(error, ServiceError):
                    raise
            else:
                for _, done in taken:
                    if not done.done():
                        done.set_result(None)

    async def _write(self, group: Sequence[Submission]) -> None:
        began = time.monotonic()
        await self._writer.write(group)
        took = max(time.monotonic() - began, 1e-4)
        size = sum(submission.bytes for submission in group)
        self._rate += 0.1 * (LANES * size / took - self._rate)
        self.committed += sum(len(submission.candidates) for submission in group)
        self._on_commit(group)
