"""The last stop of every error: none of its text reaches a caller unless it was written for callers."""

import logging
import secrets

import grpc.aio

from services.runtime.calls.statuses import Refusal, internal_refusal, refusal_of
from services.runtime.errors import ServiceError
from services.runtime.telemetry.logs import current_trace_ids

_log = logging.getLogger(__name__)


def refusal_for(error: Exception, method: str) -> Refusal:
    """
    Return the status that a call ends with because of `error`; log what is a fault of ours.

    Raises:
        grpc.aio.AbortError: the servicer has set the status itself.
    """
    if isinstance(error, ServiceError):
        return refusal_of(error)
    if isinstance(error, grpc.aio.AbortError):
        raise error
    # A call without a trace gets an id here, so that what the caller saw can be found.
    trace_id = current_trace_ids()[0] or secrets.token_hex(16)
    _log.error("%s failed", method, exc_info=error, extra={"trace_id": trace_id, "span_id": current_trace_ids()[1]})
    return internal_refusal(trace_id)
