"""From the bytes of one event to a candidate for the log, or to the reason why not. Pure."""

import datetime
from dataclasses import dataclass
from typing import Final

import mmh3
from asyncpg.pgproto.pgproto import UUID
from google.protobuf.message import DecodeError
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2

from services.telemetry.events.checks import MOST_EVENT_BYTES, violation_of
from services.telemetry.events.event_ids import milliseconds_of
from services.telemetry.events.judging import Judge, Judgement
from services.telemetry.events.stored import body_of, body_with
from services.telemetry.events.subjects import subject_of
from services.telemetry.events.timing import Timing, timing_of
from services.telemetry.ingestion.candidates import Candidate, Outcome, Result, rejected

_DAY_MS: Final = 86_400_000
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799
"""Of a Timestamp: whoever reads one that lies outside fails."""

_MALFORMED: Final = rejected(
    reasons.ERROR_REASON_INVALID_EVENT, "event", "these bytes are not an event; is a text valid UTF-8?"
)
_TOO_LARGE: Final = rejected(
    reasons.ERROR_REASON_EVENT_TOO_LARGE, "event", f"is larger than {MOST_EVENT_BYTES // 1024} KiB"
)
_NO_TIME: Final = rejected(
    reasons.ERROR_REASON_INVALID_EVENT,
    "occurred_at",
    "must lie in the years 1 to 9999, with 0 to 999999999 nanoseconds",
)
_TOO_NEW: Final = rejected(
    reasons.ERROR_REASON_INVALID_EVENT, "id", "its time lies more than a day in the future; is the clock right?"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """
    On what terms the events of a batch are admitted.

    Args:
        environment: where they belong.
        judge: its catalogue.
        received_us: now, microseconds since 1970.
        skew_us: what is added to the client's times; see `Skews`.
        oldest_id_ms: ids made before are too old. For an import, ids made from here on until `import_until_ms` are:
            their dedupe keys are gone.
        imported: whether the events come from an import, which takes any age.
        import_until_ms: when the oldest dedupe key that is kept was made.
    """

    environment: str
    judge: Judge
    received_us: int
    skew_us: int
    oldest_id_ms: int
    imported: bool = False
    import_until_ms: int = 0


def admit(raw: bytes, terms: Terms) -> Candidate | Result:
    """Return the candidate that an event makes, or why it can't be one."""
    if len(raw) > MOST_EVENT_BYTES:
        return _TOO_LARGE
    try:
        event = event_pb2.Event.FromString(raw)
    except DecodeError:
        return _MALFORMED
    violation = violation_of(event, has_nul=b"\x00" in raw)
    if violation is not None:
        return rejected(reasons.ERROR_REASON_INVALID_EVENT, violation.field, violation.description)
    refusal = _id_refusal(milliseconds_of(event.id), terms)
    if refusal is not None:
        return refusal
    occurred_us = _occurred_us(event)
    if occurred_us is None:
        return _NO_TIME
    # Maps have no order on the wire: equal events give equal bytes only when they are serialised in one way.
    sent = event.SerializeToString(deterministic=True)
    timing = timing_of(occurred_us, terms.received_us, terms.skew_us)
    told = event.occurred_at.SerializeToString() if timing.occurred_us == occurred_us else None
    return candidate_of(event, sent, timing, terms, told=told)


def candidate_of(
    event: event_pb2.Event, sent: bytes, timing: Timing, terms: Terms, *, told: bytes | None = None
) -> Candidate:
    """
    Return the candidate of an event that was checked.

    Args:
        event: is changed in place where personal data is masked.
        sent: the event as it was sent, serialised deterministically.
        timing: when it happened.
        terms: as of `admit`.
        told: the time of `timing` as a serialised Timestamp, if there is one.
    """
    judgement = terms.judge.judge(event)
    kept = event.SerializeToString(deterministic=True) if judgement.masked else sent
    if judgement.refused:
        outcome, body = Outcome.DEAD_LETTER, kept
    else:
        outcome = _outcome(judgement)
        version, marks = judgement.definition_version, timing.marks
        if told:
            body = body_with(kept, told, marks, version, imported=terms.imported)
        else:
            body = body_of(kept, timing.occurred_us, marks, version, imported=terms.imported)
    return Candidate(
        terms.environment,
        event.tenant,
        event.user_id,
        subject_of(event.user_id, event.anonymous_id),
        event.name,
        UUID(event.id),
        digest_of(sent),
        body,
        datetime.datetime.fromtimestamp(timing.occurred_us / 1e6, datetime.UTC),
        outcome,
        judgement,
        timing.marks,
    )


def _outcome(judgement: Judgement) -> Outcome:
    if not judgement.declared:
        return Outcome.UNDECLARED
    return Outcome.DECLARED if judgement.violation is None else Outcome.VIOLATING


def digest_of(sent: bytes) -> int:
    """Return the first half of murmur3_x64_128 with seed 0, a signed integer: it tells mistakes apart, not attacks."""
    return mmh3.hash64(sent)[0]


def _occurred_us(event: event_pb2.Event) -> int | None:
    """Return when the event happened by the client's clock; None when it says what is no time."""
    if not event.HasField("occurred_at"):
        return milliseconds_of(event.id) * 1_000
    at = event.occurred_at
    seconds, nanos = at.seconds, at.nanos
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos <= 999_999_999):
        return None
    return seconds * 1_000_000 + nanos // 1_000


def _id_refusal(made_ms: int, terms: Terms) -> Result | None:
    if made_ms > terms.received_us // 1_000 + _DAY_MS:
        return _TOO_NEW
    if terms.imported:
        if terms.oldest_id_ms <= made_ms < terms.import_until_ms:
            message = "is older than the dedupe keys that are kept: nobody knows whether it is in the log already"
            return rejected(reasons.ERROR_REASON_EVENT_TOO_OLD, "id", message)
        return None
    if made_ms < terms.oldest_id_ms:
        message = "was made before the days in which duplicates are recognised; an import takes it"
        return rejected(reasons.ERROR_REASON_EVENT_TOO_OLD, "id", message)
    return None
