"""Errors of the domain as statuses."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.evaluation.model import Violation

from services.runtime import errors
from services.runtime.calls.statuses import STATUS_BY_ERROR, internal_refusal, refusal_of

CLIENT_METADATA_LIMIT = 8_192


def detail(status: status_pb2.Status, kind: type) -> object:
    """The detail of this kind; None when there is none."""
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


def test_every_error_has_a_status() -> None:
    """No error of the domain falls through to INTERNAL."""
    assert set(STATUS_BY_ERROR) == set(errors.ServiceError.__subclasses__())


def test_the_reason_travels_with_its_metadata() -> None:
    """Programs find the reason by name, ours by domain."""
    error = errors.NotFound("no", reason=reasons.ERROR_REASON_FLAG_NOT_FOUND, metadata={"flag_key": "x"})
    refusal = refusal_of(error)
    status = status_pb2.Status.FromString(refusal.details)
    information = detail(status, error_details_pb2.ErrorInfo)
    assert refusal.code is grpc.StatusCode.NOT_FOUND
    assert (status.code, status.message) == (5, "no")
    assert information == error_details_pb2.ErrorInfo(
        reason="FLAG_NOT_FOUND", domain="mirante", metadata={"flag_key": "x"}
    )


def test_every_wrong_field_is_named() -> None:
    """A bad request lists what is wrong where."""
    error = errors.InvalidRequest([Violation("flag.key", "is empty"), Violation("flag.type", "is unknown")])
    request = detail(status_pb2.Status.FromString(refusal_of(error).details), error_details_pb2.BadRequest)
    assert isinstance(request, error_details_pb2.BadRequest)
    assert [(each.field, each.description) for each in request.field_violations] == [
        ("flag.key", "is empty"),
        ("flag.type", "is unknown"),
    ]


@pytest.mark.parametrize("error", [errors.Overloaded("busy", retry_seconds=1.5), errors.Unavailable("away")])
def test_a_passing_trouble_says_when_to_come_back(error: errors.ServiceError) -> None:
    """Overload and absence carry a delay."""
    retry = detail(status_pb2.Status.FromString(refusal_of(error).details), error_details_pb2.RetryInfo)
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToNanoseconds() == error.retry_seconds * 1e9  # type: ignore[attr-defined]


def test_what_clients_would_not_accept_is_cut() -> None:
    """However much is wrong, the status fits into a client's metadata limit and says that there is more."""
    error = errors.InvalidRequest([Violation(f"rules[{number}]", "é" * 5_000) for number in range(1_000)])
    refusal = refusal_of(error)
    request = detail(status_pb2.Status.FromString(refusal.details), error_details_pb2.BadRequest)
    assert isinstance(request, error_details_pb2.BadRequest)
    # Base64 takes four thirds; the message is percent-encoded, three for one at worst.
    assert len(refusal.details) * 4 / 3 + 3 * len(refusal.message.encode()) < CLIENT_METADATA_LIMIT + 1_500
    assert request.field_violations[-1].description.startswith("and ")
    assert request.field_violations[0].description.startswith("ééé")


def test_a_fault_of_ours_tells_nothing_but_its_trace() -> None:
    """The text is fixed; the trace id finds the cause in the log."""
    refusal = internal_refusal("abc")
    information = detail(status_pb2.Status.FromString(refusal.details), error_details_pb2.ErrorInfo)
    assert isinstance(information, error_details_pb2.ErrorInfo)
    assert refusal.code is grpc.StatusCode.INTERNAL
    assert (information.reason, dict(information.metadata)) == ("INTERNAL", {"trace_id": "abc"})
