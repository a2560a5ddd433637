"""
Refusals as HTTP sees them: a status and a JSON problem (RFC 9457) that names the reason.

`reason` is the name that the other services use (`mirante.api.common.v1.ErrorReason` without its prefix) or, for what
only exists at this edge, one of those below.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from starlette.responses import Response

from services.runtime import errors
from services.runtime.calls.statuses import reason_name

BODY_TOO_LARGE: Final = "BODY_TOO_LARGE"
BODY_TOO_SLOW: Final = "BODY_TOO_SLOW"
INVALID_BODY: Final = "INVALID_BODY"
INVALID_MESSAGE: Final = "INVALID_MESSAGE"
INVALID_TOKEN: Final = "INVALID_TOKEN"  # noqa: S105 - a reason
LOGIN_REQUIRED: Final = "LOGIN_REQUIRED"
METHOD_NOT_ALLOWED: Final = "METHOD_NOT_ALLOWED"
NOT_FOUND: Final = "NOT_FOUND"
NO_HELLO: Final = "NO_HELLO"
ORIGIN_DENIED: Final = "ORIGIN_DENIED"
REQUEST_MARK_REQUIRED: Final = "REQUEST_MARK_REQUIRED"
TENANT_DENIED: Final = "TENANT_DENIED"
TOKEN_EXPIRED: Final = "TOKEN_EXPIRED"  # noqa: S105 - a reason
TOKEN_REQUIRED: Final = "TOKEN_REQUIRED"  # noqa: S105 - a reason
TOO_MANY_ATTEMPTS: Final = "TOO_MANY_ATTEMPTS"
TOO_MANY_CONNECTIONS: Final = "TOO_MANY_CONNECTIONS"
UNSUPPORTED_ENCODING: Final = "UNSUPPORTED_ENCODING"
UNSUPPORTED_TYPE: Final = "UNSUPPORTED_TYPE"

_STATUSES: Final[Mapping[type[errors.ServiceError], int]] = {
    errors.InvalidRequest: 400,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.EtagMismatch: 412,
    errors.StateConflict: 409,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.Overloaded: 429,
    errors.Unavailable: 503,
}
_RPC_STATUSES: Final[Mapping[grpc.StatusCode, int]] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
}
_NO_STATUSES: Final[Mapping[grpc.StatusCode, int]] = {}
_TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Problem(Exception):
    """
    A refusal; `detail` is for people and holds no secret and nobody's data.

    `violations` are pairs of a field and what is wrong with it; `retry_seconds` says when to come again.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        violations: Sequence[tuple[str, str]] = (),
        retry_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.violations = tuple(violations)
        self.retry_seconds = retry_seconds
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """Return what is sent."""
        document: dict[str, Any] = {
            "type": f"urn:mirante:problem:{self.reason}",
            "title": _TITLES.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
        }
        if self.violations:
            document["errors"] = [{"field": field, "detail": detail} for field, detail in self.violations]
        if self.retry_seconds is not None:
            document["retry_after_ms"] = math.ceil(self.retry_seconds * 1000)
        return document


def problem_response(problem: Problem, **extra: Any) -> Response:
    """Return the response; `extra` members are added to the document."""
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_seconds)))
    body = json.dumps(problem.document() | extra, ensure_ascii=False).encode(errors="replace")
    return Response(body, problem.status, headers, media_type="application/problem+json")


def problem_of(error: errors.ServiceError) -> Problem:
    """Return the problem of an error of the domain."""
    for kind in type(error).__mro__:
        if kind in _STATUSES:
            retry = error.retry_seconds if isinstance(error, errors.Overloaded | errors.Unavailable) else None
            violations = [(each.field, each.description) for each in getattr(error, "violations", ())]
            return Problem(
                _STATUSES[kind], reason_name(error.reason), error.message, violations=violations, retry_seconds=retry
            )
    return internal_problem()


def problem_of_call(
    error: grpc.RpcError, service: str, statuses: Mapping[grpc.StatusCode, int] = _NO_STATUSES
) -> Problem:
    """
    Return the problem of a call to another service that failed.

    What the caller cannot have caused, a wrong key of ours for instance, is told as `service` being unavailable;
    `statuses` are those that this caller can cause beside what anybody can.
    """
    code = error.code() if isinstance(error, grpc.aio.AioRpcError) else grpc.StatusCode.UNKNOWN
    status = _RPC_STATUSES.get(code) or statuses.get(code)
    if status is None or not isinstance(error, grpc.aio.AioRpcError):
        return Problem(503, "STORE_UNAVAILABLE", f"the {service} service does not answer", retry_seconds=1.0)
    reason, violations, retry = _details(error)
    detail = error.details() or ""
    return Problem(status, reason or code.name, detail, violations=violations, retry_seconds=retry)


def reason_of_call(error: grpc.RpcError) -> str:
    """Return the reason that a service gave for refusing a call; empty when it gave none."""
    return _details(error)[0] if isinstance(error, grpc.aio.AioRpcError) else ""


def session_ended() -> Problem:
    """Return the problem of who was logged in, and is no more."""
    return Problem(401, "SESSION_ENDED", "the session has ended; log in again")


def internal_problem() -> Problem:
    """Return the problem of a fault of ours: a fixed text, whatever the cause was."""
    return Problem(500, "INTERNAL", "the gateway failed; the cause is in its log")


def _details(error: grpc.aio.AioRpcError) -> tuple[str, list[tuple[str, str]], float | None]:
    reason, violations, retry = "", [], None
    for name, value in error.trailing_metadata() or ():
        if name != "grpc-status-details-bin" or not isinstance(value, bytes):
            continue
        for detail in status_pb2.Status.FromString(value).details:
            information, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            delay = error_details_pb2.RetryInfo()
            if detail.Unpack(information):
                reason = information.reason
            elif detail.Unpack(bad):
                violations = [(each.field, each.description) for each in bad.field_violations]
            elif detail.Unpack(delay):
                retry = delay.retry_delay.ToNanoseconds() / 1e9
    return reason, violations, retry
