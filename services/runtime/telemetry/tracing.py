"""Server spans of the calls that are traced."""

from collections.abc import Mapping
from random import random

import grpc
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.runtime.telemetry.sampling import Sampling
from services.runtime.telemetry.trace_context import TRACE_PARENT, Headers, TraceParent, trace_parent

# Statuses that are the server's fault; of the others a server span stays unset (OpenTelemetry's conventions for gRPC).
_FAULTS = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}


class CallTracing:
    """Begins and ends the span of a call. A call that is not traced costs next to nothing."""

    def __init__(self, tracer: trace.Tracer, sampling: Sampling) -> None:
        self._tracer = tracer
        self._sampling = sampling
        self._ratio = sampling.ratio

    def begin(self, method: str, headers: Headers) -> Span | None:
        """Return the span of a call and make it the present task's; None when the call is not traced."""
        if TRACE_PARENT not in headers and random() >= self._ratio:
            return None
        service, _, name = method[1:].partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        span = self._sampled(method[1:], headers, attributes)
        if span is not None:
            # The task ends with the call, and its context with it: there is nothing to detach.
            otel_context.attach(trace.set_span_in_context(span))
        return span

    def begin_span(self, name: str, headers: Headers, attributes: Mapping[str, str]) -> Span | None:
        """Return the span of a request of another protocol, which is ended by whoever began it; None as in `begin`."""
        if TRACE_PARENT not in headers and random() >= self._ratio:
            return None
        return self._sampled(name, headers, attributes)

    def _sampled(self, name: str, headers: Headers, attributes: Mapping[str, str]) -> Span | None:
        parent = trace_parent(headers) if TRACE_PARENT in headers else None
        if TRACE_PARENT in headers and not self._sampling.traces(parent):
            return None
        return self._tracer.start_span(
            name,
            context=None if parent is None else _remote(parent),
            kind=SpanKind.SERVER,
            attributes=dict(attributes),
        )

    def end(self, span: Span, code: grpc.StatusCode) -> None:
        """End the span of a call."""
        number: int = code.value[0]
        span.set_attribute("rpc.grpc.status_code", number)
        if code in _FAULTS:
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _remote(parent: TraceParent) -> otel_context.Context:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return trace.set_span_in_context(
        NonRecordingSpan(SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags))
    )
