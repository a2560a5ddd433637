"""What answers and failures mean."""

from typing import Any

import grpc
import pytest
from google.protobuf import duration_pb2
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.telemetry.gate import Gate
from mirante.telemetry.outcomes import Answer, Failure, FailureKind, Fate, answers_of, failure_of
from mirante.telemetry.settings import Delivery

AWAY = Failure(FailureKind.AWAY, "UNAVAILABLE")
DENIED = Failure(FailureKind.DENIED, "UNAUTHENTICATED")


def test_answers() -> None:
    """Duplicates are sent; unknown statuses come again; hints have a bound."""
    response = ingest_pb2.IngestResponse(
        statuses=[
            ingest_pb2.EVENT_STATUS_ACCEPTED,
            ingest_pb2.EVENT_STATUS_DUPLICATE,
            ingest_pb2.EVENT_STATUS_REJECTED,
            ingest_pb2.EVENT_STATUS_RETRY,
            ingest_pb2.EVENT_STATUS_RETRY,
            ingest_pb2.EVENT_STATUS_UNSPECIFIED,
            ingest_pb2.EVENT_STATUS_REJECTED,
        ],
        problems=[
            ingest_pb2.EventProblem(
                index=2, reason=reasons.ERROR_REASON_EVENT_TOO_OLD, field="id", message="is too old"
            ),
            ingest_pb2.EventProblem(index=3, retry_after=duration_pb2.Duration(seconds=2, nanos=500_000_000)),
            ingest_pb2.EventProblem(index=4, retry_after=duration_pb2.Duration(seconds=10**9)),
            ingest_pb2.EventProblem(index=6, reason=9_999),  # type: ignore[arg-type]
        ],
    )
    assert answers_of(response, 7) == [
        Answer(Fate.SENT),
        Answer(Fate.SENT),
        Answer(Fate.REJECTED, 0.0, "EVENT_TOO_OLD", "id", "is too old"),
        Answer(Fate.AGAIN, 2.5),
        Answer(Fate.AGAIN, 300.0),
        Answer(Fate.AGAIN),
        Answer(Fate.REJECTED),
    ]


@pytest.mark.parametrize("events", [0, 2])
def test_a_response_that_does_not_fit(events: int) -> None:
    """Says nothing about any event."""
    assert answers_of(ingest_pb2.IngestResponse(statuses=[ingest_pb2.EVENT_STATUS_ACCEPTED]), events) is None


def failed(code: grpc.StatusCode) -> grpc.RpcError:
    """A failed call without details."""
    methods = {"code": lambda _: code, "details": lambda _: "ana@example.com", "trailing_metadata": lambda _: ()}
    kind: Any = type("Failed", (grpc.RpcError, grpc.Call), methods)
    kind.__abstractmethods__ = frozenset()
    error: grpc.RpcError = kind()
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, FailureKind.AWAY),
        (grpc.StatusCode.DEADLINE_EXCEEDED, FailureKind.AWAY),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, FailureKind.AWAY),
        (grpc.StatusCode.CANCELLED, FailureKind.AWAY),
        (grpc.StatusCode.UNAUTHENTICATED, FailureKind.DENIED),
        (grpc.StatusCode.PERMISSION_DENIED, FailureKind.DENIED),
        (grpc.StatusCode.UNIMPLEMENTED, FailureKind.DENIED),
        (grpc.StatusCode.INVALID_ARGUMENT, FailureKind.REFUSED),
        (grpc.StatusCode.FAILED_PRECONDITION, FailureKind.REFUSED),
        (grpc.StatusCode.INTERNAL, FailureKind.FAULT),
        (grpc.StatusCode.UNKNOWN, FailureKind.FAULT),
    ],
)
def test_failures(code: grpc.StatusCode, kind: FailureKind) -> None:
    """By status; what goes into logs holds no text of the service."""
    failure = failure_of(failed(code))
    assert failure.kind is kind
    assert failure.why == code.name


def gate() -> Gate:
    """A gate without jitter."""
    return Gate(Delivery(retry_base=1, retry_longest=8, denied_base=30, denied_longest=300), draw=lambda: 1.0)


def test_the_gate_backs_off_and_opens() -> None:
    """Doubling up to its bound, and from the start after a success."""
    one = gate()
    now, delays = 0.0, []
    for _ in range(5):
        delays.append(one.failed(AWAY, now, now + 0.1))
        now = one.opens_at
    assert delays == pytest.approx([1, 2, 4, 8, 8])
    assert one.failing
    one.succeeded(now)
    assert not one.failing
    assert one.opens_at <= now
    assert one.failed(AWAY, now + 1, now + 1) == pytest.approx(1)


def test_calls_that_fail_together_count_once() -> None:
    """And one that began before the failure does not open the gate again."""
    one = gate()
    assert one.failed(AWAY, 0.0, 1.0) == pytest.approx(1)
    assert one.failed(AWAY, 0.5, 1.0) == pytest.approx(1)
    one.succeeded(0.9)
    assert one.failing
    assert one.failed(AWAY, 2.0, 2.0) == pytest.approx(2)


def test_hints_and_denials_are_not_hurried() -> None:
    """Somebody who waits shortens what we chose, not what the service said."""
    one = gate()
    one.failed(AWAY, 0.0, 0.0)
    one.hurry(0.5, 0.0)
    assert one.opens_at == 0.5
    for failure, least in ((Failure(FailureKind.AWAY, "", retry_after=20), 20), (DENIED, 30)):
        other = gate()
        other.failed(failure, 0.0, 0.0)
        other.hurry(0.0, 0.0)
        assert other.opens_at == least
