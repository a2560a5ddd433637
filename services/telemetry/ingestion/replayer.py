"""Stores the events of dead letters that are valid now."""

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from asyncpg.pgproto.pgproto import UUID
from mirante.api.telemetry.v1 import event_pb2

from services.telemetry.catalogue.replaying import ReplayOutcome
from services.telemetry.catalogue.store import DeadLetterRow
from services.telemetry.events.judging import Judges
from services.telemetry.events.timing import Timing
from services.telemetry.ingestion.admission import Terms, candidate_of
from services.telemetry.ingestion.candidates import ACCEPTED, DUPLICATE, Candidate, Outcome, Result, Submission
from services.telemetry.ingestion.log_writer import LogWriter

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)


class LogReplayer:
    """
    The `Replayer` on top of the log's writer.

    `on_commit` is called with the environment after every commit and must not wait.
    """

    def __init__(self, judges: Judges, writer: LogWriter, on_commit: Callable[[str], None]) -> None:
        self._judges = judges
        self._writer = writer
        self._on_commit = on_commit

    async def replay(self, environment: str, letters: Sequence[DeadLetterRow]) -> Sequence[ReplayOutcome]:
        """See `Replayer`."""
        terms = Terms(environment, self._judges.of(environment), time.time_ns() // 1_000, 0, 0)
        candidates = [_candidate(letter, terms) for letter in letters]
        valid = [candidate for candidate in candidates if candidate.outcome is not Outcome.DEAD_LETTER]
        submission = Submission(valid, sum(len(candidate.body) for candidate in valid))
        if valid:
            await self._writer.write([submission])
            self._on_commit(environment)
        results = iter(submission.results)
        return [
            ReplayOutcome.LEFT if candidate.outcome is Outcome.DEAD_LETTER else _outcome(next(results))
            for candidate in candidates
        ]


def _candidate(letter: DeadLetterRow, terms: Terms) -> Candidate:
    event = event_pb2.Event.FromString(letter.event)
    timing = Timing((letter.occurred_at - _EPOCH) // _MICROSECOND, letter.time_marks)
    candidate = candidate_of(event, letter.event, timing, terms)
    # Whoever sends the event again sends it as it was before anything was masked.
    return replace(candidate, digest=letter.digest, dead_letter=UUID(letter.id.bytes))


def _outcome(result: Result) -> ReplayOutcome:
    if result == ACCEPTED:
        return ReplayOutcome.STORED
    return ReplayOutcome.DUPLICATE if result == DUPLICATE else ReplayOutcome.LEFT
