"""One unary call, from its bytes to its answer or status."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from services.runtime.access import current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.refusing import refusal_for
from services.runtime.errors import InvalidRequest
from services.runtime.telemetry.trace_context import current_headers

_OK: Final = grpc.StatusCode.OK

UnaryBehaviour = Callable[[bytes, BytesContext], Awaitable[bytes]]


def unary_call(method: str, handler: Any, policy: CallPolicy) -> UnaryBehaviour:
    """Return what serves the calls of a unary method."""
    parse, behave, serialise = handler.request_deserializer, handler.unary_unary, handler.response_serializer
    observer = policy.observer.of(method)
    in_flight, admit, quotas = policy.in_flight, policy.entrance.of(method), policy.quotas

    async def call(request: bytes, context: BytesContext) -> bytes:
        started = perf_counter()
        headers = current_headers.get()
        span = observer.begin(headers)
        code = _OK
        entered = False
        try:
            in_flight.enter()
            entered = True
            caller = admit(headers)
            current_caller.set(caller)
            quotas.charge(caller)
            try:
                message = parse(request)
            except DecodeError:
                raise malformed_request() from None
            response = await behave(message, context)
            return response if response.__class__ is bytes else serialise(response)
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except Exception as error:  # noqa: BLE001 - nothing passes unmapped
            refusal = refusal_for(error, method)
            code = refusal.code
        finally:
            if entered:
                in_flight.leave()
            observer.end_unary(span, started, code)
        # gRPC keeps what `abort` raises in a circle with this frame until the garbage collector comes by: without this,
        # the requests that were refused would pile up meanwhile.
        request, message = b"", None
        return await context.abort(code, refusal.message, refusal.trailing_metadata)

    return call


def malformed_request() -> InvalidRequest:
    """Return the error for bytes that are not the method's message."""
    return InvalidRequest.of("request", "these bytes are not the message that the method takes")
