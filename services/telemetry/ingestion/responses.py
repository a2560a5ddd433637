"""Results as responses."""

from collections.abc import Sequence
from typing import Final

from google.protobuf.duration_pb2 import Duration
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from services.telemetry.ingestion.candidates import ACCEPTED, DUPLICATE, Result

_STORED: Final = (ACCEPTED, DUPLICATE)


def statuses(results: Sequence[Result]) -> "list[ingest_pb2.EventStatus.ValueType]":
    """Return the status of each event."""
    return [result.status for result in results]


def problems(results: Sequence[Result]) -> list[ingest_pb2.EventProblem]:
    """Return what was wrong with the events that are not stored."""
    return [_problem(index, result) for index, result in enumerate(results) if result not in _STORED]


def _problem(index: int, result: Result) -> ingest_pb2.EventProblem:
    problem = ingest_pb2.EventProblem(
        index=index,
        reason=result.reason,
        field=result.field,
        message=result.message,
        dead_letter_id=result.dead_letter_id,
    )
    if result.retry_seconds:
        retry = Duration()
        retry.FromNanoseconds(int(result.retry_seconds * 1e9))
        problem.retry_after.CopyFrom(retry)
    return problem
