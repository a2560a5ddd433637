"""Events on their way into the log, and what became of them."""

import datetime
import enum
from dataclasses import dataclass, field
from typing import Final

from asyncpg.pgproto.pgproto import UUID
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.evaluation.model import Violation

from services.runtime.errors import Reason
from services.telemetry.events.judging import Judgement

_NONE: Final = Violation("", "")


class Outcome(enum.IntEnum):
    """The column `outcome` of the table `coverage`."""

    DECLARED = 1
    UNDECLARED = 2
    VIOLATING = 3
    DEAD_LETTER = 4


@dataclass(slots=True)
class Candidate:
    """
    An event that may be stored.

    `subject` is that of the log, `digest` is signed and covers the event as it was sent, `body` is what the log keeps
    (of a dead letter: the serialised `Event`). With `outcome` DEAD_LETTER it must not go into the log; the judgement
    says why. `dead_letter` is the id of the dead letter that is replayed.
    """

    environment: str
    tenant: str
    user_id: str
    subject: str
    name: str
    event_id: UUID
    digest: int
    body: bytes
    occurred_at: datetime.datetime
    outcome: Outcome
    judgement: Judgement
    time_marks: tuple[int, ...] = ()
    dead_letter: UUID | None = None

    @property
    def violation(self) -> Violation:
        """What the catalogue finds wrong; empty when there is nothing."""
        return self.judgement.violation or _NONE


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one event; an `EventStatus` and, unless it is stored, why."""

    status: "ingest_pb2.EventStatus.ValueType"
    reason: Reason = reasons.ERROR_REASON_UNSPECIFIED
    field: str = ""
    message: str = ""
    retry_seconds: float = 0.0
    dead_letter_id: str = ""


ACCEPTED: Final = Result(ingest_pb2.EVENT_STATUS_ACCEPTED)
DUPLICATE: Final = Result(ingest_pb2.EVENT_STATUS_DUPLICATE)


def rejected(reason: Reason, name: str, message: str, *, dead_letter_id: str = "") -> Result:
    """Return the result of an event that will never be accepted as it is."""
    return Result(ingest_pb2.EVENT_STATUS_REJECTED, reason, name, message, dead_letter_id=dead_letter_id)


def to_be_sent_again(reason: Reason, message: str, seconds: float) -> Result:
    """Return the result of an event that could not be stored now."""
    return Result(ingest_pb2.EVENT_STATUS_RETRY, reason, "", message, retry_seconds=seconds)


@dataclass(frozen=True, slots=True)
class ImportPosition:
    """Where the source of an import stands once its candidates are committed."""

    environment: str
    import_key: str
    position: str


@dataclass(slots=True)
class Submission:
    """Candidates that are committed in one transaction, and `results` in their order once they are."""

    candidates: list[Candidate]
    bytes: int
    position: ImportPosition | None = None
    results: list[Result] = field(default_factory=list)
