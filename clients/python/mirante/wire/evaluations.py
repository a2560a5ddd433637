"""Answers."""

from mirante.api.common.v1 import error_reason_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation import model
from mirante.wire.values import value_from_proto, value_to_proto

_REASONS = {reason: evaluation_pb2.Reason.Value(f"REASON_{reason.name}") for reason in model.Reason}
_REASONS_BACK = {number: reason for reason, number in _REASONS.items()}
_ERRORS = {error: error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{error.name}") for error in model.EvaluationError}
_ERRORS_BACK = {number: error for error, number in _ERRORS.items()}


def evaluation_to_proto(evaluation: model.Evaluation) -> evaluation_pb2.Evaluation:
    """Return the message of an answer."""
    error = evaluation.error
    return evaluation_pb2.Evaluation(
        flag_key=evaluation.flag_key,
        value=None if error else value_to_proto(evaluation.value),
        variant=evaluation.variant,
        reason=_REASONS[evaluation.reason],
        rule_id=evaluation.rule_id,
        flag_version=evaluation.flag_version,
        revision=evaluation.stamp.revision,
        error=_ERRORS[error] if error else error_reason_pb2.ERROR_REASON_UNSPECIFIED,
        error_message=evaluation.error_message,
    )


def evaluation_from_proto(message: evaluation_pb2.Evaluation) -> model.Evaluation:
    """Return the answer in a message. A reason or error of a newer service becomes FALLTHROUGH or INTERNAL."""
    error = _ERRORS_BACK.get(message.error, model.EvaluationError.INTERNAL) if message.error else None
    return model.Evaluation(
        flag_key=message.flag_key,
        value=value_from_proto(message.value),
        variant=message.variant,
        reason=_REASONS_BACK.get(message.reason, model.Reason.FALLTHROUGH),
        rule_id=message.rule_id,
        flag_version=message.flag_version,
        stamp=model.Stamp(message.revision),
        error=error,
        error_message=message.error_message,
    )
