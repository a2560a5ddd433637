"""What a person is told when a command cannot be carried out."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2, status_pb2
from mirante.evaluation.model import Violation

_DETAILS = "grpc-status-details-bin"


LASTING = frozenset(
    code.name
    for code in (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.UNIMPLEMENTED,
    )
)
"""Statuses of refusals that another attempt would meet again."""


class ExitCode(enum.IntEnum):
    """How the command ends."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    INTERRUPTED = 130


@dataclass
class Refusal(Exception):
    """A command that was not carried out, and why; `hint` is what to do about it."""

    message: str
    hint: str = ""
    status: str = ""
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    exit_code: ExitCode = ExitCode.REFUSED

    def lines(self) -> list[str]:
        """Return what is printed: a line per wrong field, or the message, then the hint."""
        tail = f" ({self.reason})" if self.reason else ""
        wrong = [f"error: {violation.field}: {violation.description}{tail}" for violation in self.violations]
        return [*(wrong or [f"error: {self.message}{tail}"]), *([f"hint: {self.hint}"] if self.hint else [])]

    def plain(self) -> dict[str, object]:
        """Return the same for programs."""
        return {
            "error": {
                "message": self.message,
                "hint": self.hint,
                "status": self.status,
                "reason": self.reason,
                "metadata": dict(self.metadata),
                "violations": [{"field": each.field, "description": each.description} for each in self.violations],
            }
        }


def usage(message: str, hint: str = "") -> Refusal:
    """Return the refusal of arguments that make no sense."""
    return Refusal(message, hint, exit_code=ExitCode.USAGE)


def from_rpc_error(error: grpc.RpcError, address: str, option: str = "--address") -> Refusal:
    """
    Return what a failed call means to the person who asked; never the text of an exception alone.

    Args:
        error: what the call raised.
        address: of the service that was called.
        option: the option that names another one.
    """
    call = error if isinstance(error, grpc.Call) else None
    code = call.code() if call else grpc.StatusCode.UNKNOWN
    text = (call.details() if call else "") or ""
    refusal = Refusal(text or code.name, status=code.name)
    status = _status(call)
    if status is not None:
        _add_details(refusal, status)
    elif code is grpc.StatusCode.UNAVAILABLE:
        refusal.message, refusal.hint = _unreachable(text, address, option)
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        refusal.message = f"{address} did not answer in time"
    elif code is grpc.StatusCode.UNIMPLEMENTED:
        refusal.message = f"the service at {address} does not know this call: it is older than this command line"
    if code is grpc.StatusCode.UNAUTHENTICATED:
        refusal.hint = "keys come from --api-key, MIRANTE_API_KEY or keys.json under MIRANTE_HOME, in this order"
    return refusal


def _status(call: grpc.Call | None) -> status_pb2.Status | None:
    for key, value in (call.trailing_metadata() if call else None) or ():
        if key == _DETAILS and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return None


def _add_details(refusal: Refusal, status: status_pb2.Status) -> None:
    info, request, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    refusal.message = status.message or refusal.message
    for detail in status.details:
        if detail.Unpack(info):
            refusal.reason, refusal.metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(request):
            refusal.violations = [Violation(each.field, each.description) for each in request.field_violations]
        elif detail.Unpack(retry):
            refusal.hint = f"try again in {retry.retry_delay.ToMilliseconds() / 1000:g} s"


def _unreachable(text: str, address: str, option: str) -> tuple[str, str]:
    if "handshake" in text.lower() or "certificate" in text.lower():
        return f"no TLS connection to {address}: {text}", "see --tls, --tls-ca, --tls-cert and --tls-key"
    hint = f"start one with `mirante up`, or name another with {option}"
    if "refused" not in text:
        hint += "; if something listens there that wants TLS, see --tls"
    return f"no service answers at {address}", hint
