"""
Answers as bytes.

A flag has few different answers, and the core hands out the same object for each until the revision changes. So each is
serialised once a revision, as the field in which `EvaluateFlagResponse` and `EvaluateFlagsResponse` carry it.
"""

from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation import Evaluation, EvaluationError
from mirante.evaluation.model import Violation
from mirante.wire import evaluation_to_proto

from services.flags.environment_rules import Snapshot
from services.runtime.errors import InvalidRequest, NotFound, ServiceError
from services.runtime.wire_fields import bytes_field, varint

EVALUATION: Final = evaluation_pb2.EvaluateFlagResponse.DESCRIPTOR.fields_by_name["evaluation"].number
"""The same as that of `EvaluateFlagsResponse.evaluations`, so that the answers of many flags are joined."""

_STREAM: Final = evaluation_pb2.EvaluateStreamResponse.DESCRIPTOR.fields_by_name
_REQUEST_ID: Final = bytes((_STREAM["request_id"].number << 3,))
_STREAM_EVALUATION: Final = bytes((_STREAM["evaluation"].number << 3 | 2,))


def evaluation_field(snapshot: Snapshot, evaluation: Evaluation) -> bytes:
    """Return an answer of this snapshot as a serialised `EvaluateFlagResponse`."""
    known = snapshot.answers.get(id(evaluation))
    if known is not None:
        return known[1]
    field = bytes_field(EVALUATION, evaluation_to_proto(evaluation).SerializeToString())
    if evaluation.error is None:
        # The evaluation is kept with its bytes, so that its id stays its own. Errors are new objects each time.
        snapshot.answers[id(evaluation)] = (evaluation, field)
    return field


def stream_response(request_id: int, field: bytes) -> bytes:
    """Return a serialised `EvaluateStreamResponse` with the answer that `evaluation_field` made."""
    return b"".join((_REQUEST_ID, varint(request_id), _STREAM_EVALUATION, field[1:]))


def refused_item(request_id: int, flag_key: str, error: ServiceError) -> bytes:
    """Return a serialised `EvaluateStreamResponse` for an item that cannot even be evaluated."""
    evaluation = evaluation_pb2.Evaluation(
        flag_key=flag_key, reason=evaluation_pb2.REASON_ERROR, error=error.reason, error_message=error.message
    )
    return evaluation_pb2.EvaluateStreamResponse(request_id=request_id, evaluation=evaluation).SerializeToString()


def status_of(evaluation: Evaluation, snapshot: Snapshot) -> ServiceError:
    """Return the error that an answer without a value is, as a status of its own; versions are in its metadata."""
    field, _, description = evaluation.error_message.partition(": ")
    error, flag_key = evaluation.error or EvaluationError.INTERNAL, evaluation.flag_key
    metadata = {"revision": str(evaluation.revision), "flag_version": str(evaluation.flag_version)}
    if error is EvaluationError.FLAG_NOT_FOUND:
        return NotFound(
            "flag_key: no such flag",
            reason=reasons.ERROR_REASON_FLAG_NOT_FOUND,
            metadata=metadata | {"flag_key": flag_key[:200]},
        )
    if error is EvaluationError.TYPE_MISMATCH:
        metadata |= {"flag_key": flag_key, "type": snapshot.ruleset.flags[flag_key].type.value}
    elif error is EvaluationError.TARGETING_KEY_MISSING:
        metadata |= {"attribute": field.removeprefix("context.")}
    elif error is EvaluationError.INVALID_DEFINITION:
        field, description = "flag_key", f"its definition cannot be evaluated: {evaluation.error_message}"
    return InvalidRequest(
        [Violation(field, description)],
        reason=reasons.ErrorReason.Value(f"ERROR_REASON_{error.name}"),
        metadata=metadata,
    )
