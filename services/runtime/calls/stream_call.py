"""One call that answers with a stream."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import grpc
import grpc.aio

from services.runtime.access import current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.refusing import refusal_for
from services.runtime.telemetry.trace_context import TRACE_PARENT, Headers, current_headers

_NONE: Final[Headers] = {}

StreamBehaviour = Callable[[object, BytesContext], Awaitable[None]]


def stream_call(method: str, behave: StreamBehaviour, policy: CallPolicy) -> StreamBehaviour:
    """Return what serves the streams of a method. Opening one is not charged: how many are open is bounded instead."""
    observer = policy.observer.of(method)
    admit, streams = policy.entrance.of(method), policy.streams

    async def call(requests: object, context: BytesContext) -> None:
        headers = current_headers.get()
        span = observer.begin(headers)
        code = grpc.StatusCode.OK
        try:
            caller = admit(headers)
            current_caller.set(caller)
            # Streams stay open for days, by the thousand: of their headers only the trace is needed from here on.
            current_headers.set({TRACE_PARENT: headers[TRACE_PARENT]} if TRACE_PARENT in headers else _NONE)
            del headers
            with streams.opened(caller.key_id, method) as stream:
                try:
                    await behave(requests, context)
                except asyncio.CancelledError:
                    if not stream.closing:
                        raise
                    stream.settle()
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except grpc.aio.InternalError:
            # The caller is gone: what was written reaches nobody, and nor would a status.
            code = grpc.StatusCode.CANCELLED
            raise asyncio.CancelledError from None
        except Exception as error:  # noqa: BLE001 - nothing passes unmapped
            refusal = refusal_for(error, method)
            code = refusal.code
            await context.abort(code, refusal.message, refusal.trailing_metadata)
        finally:
            observer.end_stream(span, code)

    return call
