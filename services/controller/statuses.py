"""What a failed call of the flag service means."""

from collections.abc import Sequence
from typing import Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from mirante.evaluation.model import Violation

_DETAILS: Final = "grpc-status-details-bin"

_PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
    }
)


class Refused(Exception):
    """The flag service refused, or did not answer; `reason` is that of its ErrorInfo, or the name of the status."""

    def __init__(self, code: grpc.StatusCode, reason: str, message: str, violations: Sequence[Violation]) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.violations = violations

    @property
    def passes(self) -> bool:
        """Whether the same call may well succeed later."""
        return self.code in _PASSING

    @property
    def is_stale(self) -> bool:
        """Whether somebody else was faster: look again."""
        return self.code is grpc.StatusCode.ABORTED

    @property
    def is_state(self) -> bool:
        """Whether the flag's state does not allow it: killed already, archived, needed by others."""
        return self.code is grpc.StatusCode.FAILED_PRECONDITION


def stale() -> Refused:
    """Return the refusal of ourselves to go on from what is no longer so."""
    return Refused(grpc.StatusCode.ABORTED, "STALE", "others change the flag all the time", [])


def refused(error: grpc.aio.AioRpcError) -> Refused:
    """Return what a failed call means."""
    code, reason, violations = error.code(), error.code().name, list[Violation]()
    status = _status(error)
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(request):
            violations = [Violation(each.field, each.description) for each in request.field_violations]
    if code is grpc.StatusCode.UNAVAILABLE and not status.details:
        return Refused(code, reason, "the flag service does not answer", [])
    return Refused(code, reason, status.message or error.details() or code.name, violations)


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            try:
                status.ParseFromString(value)
            except DecodeError:
                return status_pb2.Status()
    return status
