"""
Our services, with everything that happens around a call put around their handlers.

Handlers are wrapped once, when a service is added, and found here when a call comes: interception costs a look-up. A
`grpc.aio.ServerInterceptor` would do the same with three more coroutines for every call, a twentieth of what the whole
call costs, and would have to spare other people's services (health, reflection), whose streams break when wrapped.

A wrapped handler takes and gives bytes. For unary methods the wrapper parses the request, so that malformed bytes get a
proper answer, and serialises the response unless the servicer did. Methods that answer with a stream write bytes
themselves, through the context; those that stream both ways also read them there.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.statuses import refusal_of
from services.runtime.calls.stream_call import StreamBehaviour, stream_call
from services.runtime.calls.unary_call import malformed_request, unary_call
from services.runtime.errors import Unavailable
from services.runtime.telemetry.trace_context import current_headers

Handler = Any
"""grpc.RpcMethodHandler, whose type parameters say nothing once it takes and gives bytes."""

_OURS: Final = "/mirante."
_NOT_READY_SECONDS: Final = 1.0


class InterceptedServices(grpc.GenericRpcHandler):
    """
    The handlers of our services.

    A server is started with this. gRPC wants to know all handlers before that; ours exist once the database has
    answered, and until `open` calls are refused as NOT_READY.
    """

    def __init__(self) -> None:
        self._policy: CallPolicy | None = None
        self._handlers: dict[str, Handler] = {}
        self._not_ready: Handler = grpc.stream_stream_rpc_method_handler(_refuse_as_not_ready)
        self._open = False

    def adding(self, policy: CallPolicy) -> grpc.aio.Server:
        """
        Return what the generated `add_...Servicer_to_server` functions take for a server.

        The services that they add go through `policy`.
        """
        self._policy = policy
        return cast("grpc.aio.Server", self)

    def open(self) -> None:
        """Begin to answer: all services have been added."""
        self._open = True

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Add the handlers of a service by method name. Called by the generated functions."""
        assert self._policy is not None  # noqa: S101 - they are called with what `adding` returned
        for name, handler in handlers.items():
            method = f"/{service}/{name}"
            self._handlers[method] = _wrapped(method, handler, self._policy)

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Do nothing. The generated functions call this too, with the same handlers."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """Return the handler of a call, and hand it the metadata; None when there is no such method."""
        method: str = handler_call_details.method
        if not self._open:
            return self._not_ready if method.startswith(_OURS) else None
        handler = self._handlers.get(method)
        if handler is not None:
            # The handler runs in the same task.
            current_headers.set(dict(handler_call_details.invocation_metadata))
        return handler


def _wrapped(method: str, handler: Handler, policy: CallPolicy) -> Handler:
    if not handler.request_streaming and not handler.response_streaming:
        return grpc.unary_unary_rpc_method_handler(unary_call(method, handler, policy))
    if handler.request_streaming and handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(stream_call(method, handler.stream_stream, policy))
    if handler.response_streaming:
        behave = _parsing(handler.request_deserializer, handler.unary_stream)
        return grpc.unary_stream_rpc_method_handler(stream_call(method, behave, policy))
    raise TypeError(f"{method}: methods that only take a stream have no wrapper yet")


def _parsing(parse: Callable[[bytes], Any], behave: StreamBehaviour) -> StreamBehaviour:
    """Return the behaviour that takes the bytes of the one request."""

    async def behave_on_bytes(request: object, context: BytesContext) -> None:
        try:
            message = parse(cast("bytes", request))
        except DecodeError:
            raise malformed_request() from None
        await behave(message, context)

    return behave_on_bytes


async def _refuse_as_not_ready(_requests: object, context: BytesContext) -> None:
    error = Unavailable(
        "the service is starting", retry_seconds=_NOT_READY_SECONDS, reason=reasons.ERROR_REASON_NOT_READY
    )
    refusal = refusal_of(error)
    await context.abort(refusal.code, refusal.message, refusal.trailing_metadata)
