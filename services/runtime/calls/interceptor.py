"""
The one interceptor of our services.

Every call of ours runs through one wrapper, made once for each method, instead of a chain of interceptors: a call then
costs one coroutine. Other people's services (health, reflection) are left as they are; their streams don't survive
being wrapped.

A wrapped handler takes and gives bytes. For unary methods the wrapper parses the request, so that malformed bytes get a
proper answer, and serialises the response unless the servicer did. Methods that stream both ways read and write bytes
themselves, through the context.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
import grpc.aio
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.statuses import refusal_of
from services.runtime.calls.stream_call import stream_call
from services.runtime.calls.unary_call import unary_call
from services.runtime.errors import Unavailable
from services.runtime.telemetry.trace_context import current_headers

Handler = Any
"""grpc.RpcMethodHandler, whose type parameters say nothing once it takes and gives bytes."""

_OURS: Final = "/mirante."
_NOT_READY_SECONDS: Final = 1.0


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the handlers of our services."""

    def __init__(self) -> None:
        self.policy: CallPolicy | None = None
        """What calls go through; while there is none, calls of our services are refused as NOT_READY."""
        self._wrapped: dict[str, Handler] = {}
        self._not_ready: Handler = grpc.stream_stream_rpc_method_handler(_refuse_as_not_ready)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the handler of a call; None when there is no such method."""
        method: str = handler_call_details.method
        if not method.startswith(_OURS):
            return await continuation(handler_call_details)
        if self.policy is None:
            return self._not_ready
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            wrapped = self._wrapped[method] = _wrap(method, handler, self.policy)
        # The handler runs in the same task.
        current_headers.set(dict(handler_call_details.invocation_metadata))
        return wrapped


def _wrap(method: str, handler: Handler, policy: CallPolicy) -> Handler:
    if not handler.request_streaming and not handler.response_streaming:
        return grpc.unary_unary_rpc_method_handler(unary_call(method, handler, policy))
    if handler.request_streaming and handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(stream_call(method, handler.stream_stream, policy))
    raise TypeError(f"{method}: methods that stream one way only have no wrapper yet")


async def _refuse_as_not_ready(_requests: object, context: BytesContext) -> None:
    error = Unavailable(
        "the service is starting", retry_seconds=_NOT_READY_SECONDS, reason=reasons.ERROR_REASON_NOT_READY
    )
    refusal = refusal_of(error)
    await context.abort(refusal.code, refusal.message, refusal.trailing_metadata)
