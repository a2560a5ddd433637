"""Why a stream ended, and what to do next. Pure."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.client.backoff import Backoff
from mirante.client.settings import Timing

LONGEST_HINT = 300.0
"""Seconds; a service cannot send a client away for longer."""

_DETAILS = "grpc-status-details-bin"
_DENIED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class EndKind(enum.Enum):
    """What the next attempt has to take into account."""

    LOST = "lost"
    """Nothing special: connect again."""
    GOODBYE = "goodbye"
    """The service announced it, and said when to come back."""
    DENIED = "denied"
    """The key is not accepted; trying often would help nobody."""
    START_OVER = "start over"
    """What is held cannot be continued: subscribe without a resume token."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """`retry_after` is the service's hint, in seconds; `why` is for logs and `status`, and holds no secret."""

    kind: EndKind
    why: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a status says beyond its code: `google.rpc` details, each empty when it was not sent."""

    reason: reasons.ErrorReason.ValueType
    metadata: dict[str, str]
    retry_after: float


def read_refusal(error: grpc.RpcError) -> Refusal:
    """Return the details of a failed call."""
    reason, metadata, retry_after = reasons.ERROR_REASON_UNSPECIFIED, dict[str, str](), 0.0
    for detail in details_of(error):
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            name = f"ERROR_REASON_{info.reason}"
            if name in dict(reasons.ErrorReason.items()):
                reason = reasons.ErrorReason.Value(name)
            metadata = dict(info.metadata)
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    return Refusal(reason, metadata, min(max(retry_after, 0.0), LONGEST_HINT))


def end_of_error(error: grpc.RpcError, *, with_token: bool) -> StreamEnd:
    """Return what a failed stream means; `with_token` says whether it was opened with a resume token."""
    code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    details = error.details() if isinstance(error, grpc.Call) else str(error)
    why = f"{code.name}: {details}"
    if code in _DENIED:
        return StreamEnd(EndKind.DENIED, why)
    refusal = read_refusal(error)
    bad_token = refusal.reason == reasons.ERROR_REASON_INVALID_RESUME_TOKEN
    if bad_token or (code is grpc.StatusCode.INVALID_ARGUMENT and with_token):
        return StreamEnd(EndKind.START_OVER, why)
    return StreamEnd(EndKind.LOST, why, refusal.retry_after)


class Schedule:
    """How long to wait before the next stream."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._lost = Backoff(timing.retry_base, timing.retry_longest)
        self._denied = Backoff(timing.denied_base, timing.denied_longest)

    def delay(self, end: StreamEnd, *, lived: float, brought_rules: bool) -> float:
        """Return the seconds to wait after a stream that lived that many seconds."""
        if brought_rules:
            self._denied.reset()
            if lived >= self._timing.healthy_after:
                self._lost.reset()
        if end.kind is EndKind.DENIED:
            return self._denied.next_delay()
        # A service that says goodbye at once, again and again, must not be called in a tight loop.
        return max(end.retry_after, self._lost.next_delay())


def details_of(error: grpc.RpcError) -> Iterable[Any]:
    """Return the `google.rpc` details of a failed call."""
    if not isinstance(error, grpc.Call):
        return ()
    trailing: Iterable[tuple[str, str | bytes]] = error.trailing_metadata() or ()
    for key, value in trailing:
        if key == _DETAILS and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return ()
    return ()
