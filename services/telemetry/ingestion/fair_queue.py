"""What waits to be committed: bounded, and everybody in turn, so that nobody waits behind another's burst."""

import asyncio
from collections import OrderedDict, deque
from typing import Final

from services.runtime.errors import Overloaded
from services.telemetry.ingestion.candidates import Submission

_SHARE: Final = 0.5
"""Of the queue, the most that one tenant may fill."""

Turn = tuple[str, str]
"""Environment and whose turn it is: a tenant, or a sender of events of many."""


class FairQueue:
    """
    Waiting submissions of at most `most_bytes`, of which one tenant may fill half.

    Taken in rounds: each tenant that waits gives one submission a round.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._waiting: OrderedDict[Turn, deque[tuple[Submission, asyncio.Future[None]]]] = OrderedDict()
        self._bytes_of: dict[Turn, int] = {}
        self._filled = asyncio.Event()
        self.bytes = 0
        self.events = 0
        self.refused = 0

    def put(self, turn: Turn, submission: Submission, retry_seconds: float) -> "asyncio.Future[None]":
        """
        Add a submission; return what is done once it was committed, or failed.

        Raises:
            Overloaded: there is no room for it; says to come back after `retry_seconds`.
        """
        held = self._bytes_of.get(turn, 0)
        if self.bytes + submission.bytes > self._most_bytes or held + submission.bytes > self._most_bytes * _SHARE:
            self.refused += len(submission.candidates)
            raise Overloaded("the service holds as many events as it may", retry_seconds=retry_seconds)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(turn, deque()).append((submission, done))
        self._bytes_of[turn] = held + submission.bytes
        self.bytes += submission.bytes
        self.events += len(submission.candidates)
        self._filled.set()
        return done

    async def take(self, most_events: int, most_bytes: int) -> list[tuple[Submission, "asyncio.Future[None]"]]:
        """Wait until something waits; return one submission at least, and no more than the limits otherwise allow."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        taken: list[tuple[Submission, asyncio.Future[None]]] = []
        events = size = 0
        while self._waiting:
            turn, line = next(iter(self._waiting.items()))
            submission = line[0][0]
            if taken and (events + len(submission.candidates) > most_events or size + submission.bytes > most_bytes):
                break
            taken.append(line.popleft())
            events += len(submission.candidates)
            size += submission.bytes
            self._leave(turn, submission)
        return taken

    def _leave(self, turn: Turn, submission: Submission) -> None:
        self.bytes -= submission.bytes
        self.events -= len(submission.candidates)
        if self._waiting[turn]:
            self._waiting.move_to_end(turn)
            self._bytes_of[turn] -= submission.bytes
        else:
            del self._waiting[turn], self._bytes_of[turn]
