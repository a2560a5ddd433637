"""What waits to be committed: bounded, and everybody in turn, so that nobody waits behind another's burst."""

import asyncio

from services.runtime.errors import Overloaded
from services.telemetry.ingestion.candidates import Submission
from services.telemetry.ingestion.rounds import Rounds, Turn


class FairQueue:
    """Waiting submissions of at most `most_bytes`, taken in rounds; see `Rounds`."""

    def __init__(self, most_bytes: int) -> None:
        self._rounds: Rounds[tuple[Submission, asyncio.Future[None]]] = Rounds(most_bytes)
        self._filled = asyncio.Event()
        self.events = 0
        self.refused = 0

    @property
    def bytes(self) -> int:
        """What waits."""
        return self._rounds.bytes

    def has_room(self, turn: Turn, size: int) -> bool:
        """Return whether a submission of so many bytes may be added."""
        return self._rounds.has_room(turn, size)

    def put(self, turn: Turn, submission: Submission, retry_seconds: float) -> "asyncio.Future[None]":
        """
        Add a submission; return what is done once it was committed, or failed.

        Raises:
            Overloaded: there is no room for it; says to come back after `retry_seconds`.
        """
        if not self._rounds.has_room(turn, submission.bytes):
            raise self.refusal(len(submission.candidates), retry_seconds)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rounds.add(turn, (submission, done), submission.bytes)
        self.events += len(submission.candidates)
        self._filled.set()
        return done

    async def take(self, most_events: int, most_bytes: int) -> list[tuple[Submission, "asyncio.Future[None]"]]:
        """Wait until something waits; return one submission at least, and no more than the limits otherwise allow."""
        while not self._rounds:
            self._filled.clear()
            await self._filled.wait()
        taken: list[tuple[Submission, asyncio.Future[None]]] = []
        events = size = 0
        while self._rounds:
            submission, _ = self._rounds.first()
            if taken and (events + len(submission.candidates) > most_events or size + submission.bytes > most_bytes):
                break
            taken.append(self._rounds.take())
            events += len(submission.candidates)
            size += submission.bytes
        self.events -= events
        return taken

    def refusal(self, events: int, retry_seconds: float) -> Overloaded:
        """Count so many events that there is no room for; return the error for whoever sent them."""
        self.refused += events
        return Overloaded("the service holds as many events as it may", retry_seconds=retry_seconds)
