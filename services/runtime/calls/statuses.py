"""Errors of the domain as gRPC statuses with google.rpc details."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.evaluation.model import Violation

from services.runtime import errors

DOMAIN: Final = "mirante"

STATUS_BY_ERROR: Final[dict[type[errors.ServiceError], grpc.StatusCode]] = {
    errors.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.EtagMismatch: grpc.StatusCode.ABORTED,
    errors.StateConflict: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}

INTERNAL_MESSAGE: Final = "the service failed; the cause is in its log under the trace id"

# Clients accept 8 KiB of metadata. Details travel in base64, and beside the message.
_MESSAGE_BYTES: Final = 1_000
_DETAILS_BYTES: Final = 3_500
_PREFIX: Final = "ERROR_REASON_"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status that a call ends with. `details` is a serialised google.rpc.Status."""

    code: grpc.StatusCode
    message: str
    details: bytes

    @property
    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        """Where clients look for the details."""
        return (("grpc-status-details-bin", self.details),)


def refusal_of(error: errors.ServiceError) -> Refusal:
    """Return the status of an error. What does not fit into a client's metadata limit is cut, and says so."""
    for kind in type(error).__mro__:
        if kind in STATUS_BY_ERROR:
            return _refusal(STATUS_BY_ERROR[kind], error.message, error.reason, error.metadata, _details(error))
    return internal_refusal("")


def internal_refusal(trace_id: str) -> Refusal:
    """Return the status of a fault of ours: a fixed text, whatever the cause was."""
    metadata = {"trace_id": trace_id} if trace_id else {}
    return _refusal(grpc.StatusCode.INTERNAL, INTERNAL_MESSAGE, reasons.ERROR_REASON_INTERNAL, metadata, iter(()))


def reason_name(reason: errors.Reason) -> str:
    """Return the reason as ErrorInfo has it, "FLAG_NOT_FOUND"."""
    return reasons.ErrorReason.Name(reason).removeprefix(_PREFIX)


def _refusal(
    code: grpc.StatusCode, message: str, reason: errors.Reason, metadata: dict[str, str], details: Iterator[Message]
) -> Refusal:
    number: int = code.value[0]
    message = _cut(message, _MESSAGE_BYTES)
    status = status_pb2.Status(code=number, message=message)
    information = error_details_pb2.ErrorInfo(reason=reason_name(reason), domain=DOMAIN)
    for name, value in metadata.items():
        information.metadata[name] = _cut(value, 200)
    status.details.add().Pack(information)
    for detail in details:
        status.details.add().Pack(detail)
    return Refusal(code, message, status.SerializeToString())


def _details(error: errors.ServiceError) -> Iterator[Message]:
    if isinstance(error, errors.InvalidRequest):
        yield error_details_pb2.BadRequest(field_violations=list(_field_violations(error.violations)))
    if isinstance(error, errors.Overloaded | errors.Unavailable):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(max(0, int(error.retry_seconds * 1e9)))
        yield retry


def _field_violations(
    violations: tuple[Violation, ...],
) -> Iterator[error_details_pb2.BadRequest.FieldViolation]:
    room = _DETAILS_BYTES
    for number, violation in enumerate(violations):
        field, description = _cut(violation.field, 300), _cut(violation.description, 700)
        room -= len(field.encode()) + len(description.encode()) + 8
        if room < 0:
            yield error_details_pb2.BadRequest.FieldViolation(description=f"and {len(violations) - number} more")
            return
        yield error_details_pb2.BadRequest.FieldViolation(field=field, description=description)


def _cut(text: str, most_bytes: int) -> str:
    encoded = text.encode(errors="replace")
    if len(encoded) <= most_bytes:
        return encoded.decode()
    return encoded[: most_bytes - 3].decode(errors="ignore") + "..."
