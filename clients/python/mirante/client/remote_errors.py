"""Failed calls as evaluations. Pure."""

import grpc

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.client.reader import failed
from mirante.client.stream_end import read_refusal
from mirante.errors import MiranteError
from mirante.evaluation.model import Evaluation, EvaluationError, JsonValue, Stamp

_AWAY = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
}


def evaluation_of_error(flag_key: str, error: Exception, default: JsonValue) -> Evaluation:
    """
    Return the evaluation for a call that failed, with the caller's default.

    A status whose reason is one of `EvaluationError` becomes that error, with the flag's version and the revision if
    the service sent them; a service that cannot be asked NOT_READY; everything else INTERNAL.
    """
    if isinstance(error, MiranteError):
        return failed(flag_key, Stamp(0), EvaluationError.NOT_READY, str(error), default)
    if not isinstance(error, grpc.RpcError) or not isinstance(error, grpc.Call):
        # The type only: the text may hold somebody's attributes.
        message = f"context: an attribute could not be sent ({type(error).__name__})"
        return failed(flag_key, Stamp(0), EvaluationError.INVALID_CONTEXT, message, default)
    refusal = read_refusal(error)
    stamp = Stamp(_number(refusal.metadata.get("revision")))
    name = reasons.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
    if name in EvaluationError.__members__:
        version = _number(refusal.metadata.get("flag_version"))
        return failed(flag_key, stamp, EvaluationError[name], error.details() or "", default, flag_version=version)
    kind = EvaluationError.NOT_READY if error.code() in _AWAY else EvaluationError.INTERNAL
    return failed(flag_key, stamp, kind, f"{error.code().name}: {error.details()}", default)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
