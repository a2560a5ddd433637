"""Sets OpenTelemetry up for a process: where spans and measurements go is told by settings and standard variables."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from prometheus_client import CollectorRegistry, start_http_server

from services.runtime.settings import ServiceSettings, SettingsError
from services.runtime.telemetry.histogram_export import OtlpExporter, PrometheusReader
from services.runtime.telemetry.measurements import Histogram, Measurements
from services.runtime.telemetry.sampling import Sampling, sampling_of
from services.runtime.telemetry.tracing import CallTracing

_SCOPE = "mirante"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a process traces and measures with. `prometheus_port` is None without a Prometheus endpoint."""

    tracing: CallTracing
    measurements: Measurements
    prometheus_port: int | None


@contextmanager
def open_telemetry(
    settings: ServiceSettings, service_name: str, environment: Mapping[str, str] = os.environ
) -> Iterator[Telemetry]:
    """
    Export until the block ends, and then what is left.

    Spans and metrics go out by OTLP if `OTEL_EXPORTER_OTLP_ENDPOINT` (or the variable of one of the two) is set.

    Raises:
        SettingsError: an `OTEL_TRACES_SAMPLER` that is not known, or a Prometheus port that is taken.
    """
    sampling = sampling_of(environment)
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        sampling = Sampling(0.0, parent_based=False)
    resource = Resource.create({"service.name": environment.get("OTEL_SERVICE_NAME") or service_name})
    histograms: list[Histogram] = []
    readers: list[MetricReader] = []
    with ExitStack() as stack:
        # Calls are sampled before OpenTelemetry hears of them: what it hears of is traced.
        traces = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        stack.callback(traces.shutdown)
        if _exports(environment, "TRACES"):
            traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        if _exports(environment, "METRICS"):
            readers.append(PeriodicExportingMetricReader(OtlpExporter(histograms)))
        port = None
        if settings.prometheus_port is not None:
            registry = CollectorRegistry()
            readers.append(PrometheusReader(histograms, registry))
            port = stack.enter_context(_prometheus(settings.prometheus_host, settings.prometheus_port, registry))
        metrics = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        stack.callback(metrics.shutdown)
        measurements = Measurements(metrics.get_meter(_SCOPE), histograms)
        yield Telemetry(CallTracing(traces.get_tracer(_SCOPE), sampling), measurements, port)


def _exports(environment: Mapping[str, str], signal: str) -> bool:
    general = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    return bool(environment.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", general))


@contextmanager
def _prometheus(host: str, port: int, registry: CollectorRegistry) -> Iterator[int]:
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise SettingsError(f"MIRANTE_PROMETHEUS_PORT: cannot listen on {port}: {error.strerror}") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
