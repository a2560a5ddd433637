"""How calls are traced and measured."""

from time import perf_counter
from typing import Final

import grpc
from opentelemetry.trace import Span

from services.runtime.telemetry.export import Telemetry
from services.runtime.telemetry.measurements import Histogram, Instrument
from services.runtime.telemetry.trace_context import Headers
from services.runtime.telemetry.tracing import CallTracing

_OK: Final = grpc.StatusCode.OK

_DURATION = Instrument(
    "rpc.server.duration", "s", "Time in the handler, of unary calls.", ("rpc.method", "rpc.grpc.status")
)
_STREAMS = Instrument("mirante.streams.ended", "{stream}", "Streams that ended.", ("rpc.method", "rpc.grpc.status"))


class CallObserver:
    """Traces and measures the calls of a process."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.tracing: CallTracing = telemetry.tracing
        self.durations: Histogram = telemetry.measurements.histogram(_DURATION)
        self._ended: dict[tuple[str, str], int] = {}
        telemetry.measurements.counter(_STREAMS, lambda: list(self._ended.items()))

    def of(self, method: str) -> "MethodObserver":
        """Return the observer of one method."""
        return MethodObserver(self, method)

    def stream_ended(self, method: str, code: grpc.StatusCode) -> None:
        """Count a stream."""
        labels = (method[1:], code.name)
        self._ended[labels] = self._ended.get(labels, 0) + 1


class MethodObserver:
    """Traces and measures the calls of one method; what all calls share is looked up once."""

    __slots__ = ("_method", "_observer", "_succeeded")

    def __init__(self, observer: CallObserver, method: str) -> None:
        self._observer = observer
        self._method = method
        self._succeeded = observer.durations.series(method[1:], _OK.name)

    def begin(self, headers: Headers) -> Span | None:
        """Begin a call."""
        return self._observer.tracing.begin(self._method, headers)

    def end_unary(self, span: Span | None, started: float, code: grpc.StatusCode) -> None:
        """End a unary call that began at `started` (`perf_counter`)."""
        seconds = perf_counter() - started
        if code is _OK:
            self._succeeded.record(seconds)
        else:
            self._observer.durations.series(self._method[1:], code.name).record(seconds)
        if span is not None:
            self._observer.tracing.end(span, code)

    def end_stream(self, span: Span | None, code: grpc.StatusCode) -> None:
        """End a stream."""
        self._observer.stream_ended(self._method, code)
        if span is not None:
            self._observer.tracing.end(span, code)
