"""What an answer of the service, or a failed call, means. Pure."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

import grpc
from google.rpc import error_details_pb2

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.client.stream_end import LONGEST_HINT, details_of, read_refusal


class Fate(enum.Enum):
    """What became of one event of a batch."""

    SENT = "sent"
    REJECTED = "rejected"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after` is the service's hint in seconds; the rest says why it was rejected."""

    fate: Fate
    retry_after: float = 0.0
    reason: str = ""
    field: str = ""
    message: str = ""


SENT = Answer(Fate.SENT)
_AGAIN = Answer(Fate.AGAIN)


class FailureKind(enum.Enum):
    """What a failed call means for those that follow."""

    AWAY = "away"
    """Nothing can be taken now: try again, with everything."""
    DENIED = "denied"
    """The key or the settings are wrong: trying often would help nobody."""
    REFUSED = "refused"
    """This request will never be taken as it is."""
    FAULT = "fault"
    """The service failed with it: try again, in smaller parts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """`why` is for logs and `status`; the rest as in `Answer`."""

    kind: FailureKind
    why: str
    retry_after: float = 0.0
    reason: str = ""
    field: str = ""
    message: str = ""


_AWAY = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
}
_DENIED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED}
_REFUSED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
}


def answers_of(response: ingest_pb2.IngestResponse, events: int) -> list[Answer] | None:
    """Return the answer for each event of a batch of that many; None when the response does not fit."""
    if len(response.statuses) != events:
        return None
    problems = {problem.index: problem for problem in response.problems}
    return [_answer(status, problems.get(index)) for index, status in enumerate(response.statuses)]


def failure_of(error: grpc.RpcError) -> Failure:
    """Return what a failed call means."""
    code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    message = (error.details() if isinstance(error, grpc.Call) else None) or ""
    refusal = read_refusal(error)
    reason = _name(refusal.reason)
    why = f"{code.name}: {reason}" if reason else code.name
    if code in _AWAY:
        return Failure(FailureKind.AWAY, why, refusal.retry_after)
    field = _field(error)
    if code in _DENIED or refusal.reason == reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND or field == "environment":
        return Failure(FailureKind.DENIED, why)
    if code in _REFUSED:
        return Failure(FailureKind.REFUSED, why, reason=reason or code.name, field=field, message=message)
    return Failure(FailureKind.FAULT, why, refusal.retry_after)


def _answer(status: ingest_pb2.EventStatus.ValueType, problem: ingest_pb2.EventProblem | None) -> Answer:
    if status in (ingest_pb2.EVENT_STATUS_ACCEPTED, ingest_pb2.EVENT_STATUS_DUPLICATE):
        return SENT
    if status == ingest_pb2.EVENT_STATUS_REJECTED:
        if problem is None:
            return Answer(Fate.REJECTED)
        return Answer(Fate.REJECTED, 0.0, _name(problem.reason), problem.field, problem.message)
    if problem is None:
        return _AGAIN
    hint = problem.retry_after.seconds + problem.retry_after.nanos / 1e9
    return Answer(Fate.AGAIN, min(max(hint, 0.0), LONGEST_HINT))


def _name(reason: int) -> str:
    known = dict(reasons.ErrorReason.items()).values()
    if reason == reasons.ERROR_REASON_UNSPECIFIED or reason not in known:
        return ""
    return reasons.ErrorReason.Name(reasons.ErrorReason.ValueType(reason)).removeprefix("ERROR_REASON_")


def _field(error: grpc.RpcError) -> str:
    return next(iter(_violated_fields(error)), "")


def _violated_fields(error: grpc.RpcError) -> Iterable[str]:
    for detail in details_of(error):
        request = error_details_pb2.BadRequest()
        if detail.Unpack(request):
            yield from (violation.field for violation in request.field_violations)
