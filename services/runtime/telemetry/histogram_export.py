"""Adds our histograms to what OpenTelemetry exports, by OTLP and to Prometheus."""

import time
from collections.abc import Sequence
from dataclasses import replace

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import export as otel
from prometheus_client import CollectorRegistry

from services.runtime.telemetry.measurements import Histogram


class OtlpExporter(OTLPMetricExporter):
    """Exports by OTLP, histograms included."""

    def __init__(self, histograms: Sequence[Histogram]) -> None:
        super().__init__()
        self._histograms = histograms
        self._since = time.time_ns()

    def export(
        self, metrics_data: otel.MetricsData, timeout_millis: float = 10_000, **kwargs: object
    ) -> otel.MetricExportResult:
        """See `MetricExporter`."""
        return super().export(with_histograms(metrics_data, self._histograms, self._since), timeout_millis, **kwargs)


class PrometheusReader(PrometheusMetricReader):
    """Answers scrapes, histograms included."""

    def __init__(self, histograms: Sequence[Histogram], registry: CollectorRegistry) -> None:
        self._histograms = histograms
        self._since = time.time_ns()
        super().__init__(registry=registry, scope_info_enabled=False)

    def _receive_metrics(
        self, metrics_data: otel.MetricsData, timeout_millis: float = 10_000, **kwargs: object
    ) -> None:
        super()._receive_metrics(with_histograms(metrics_data, self._histograms, self._since), timeout_millis, **kwargs)


def with_histograms(data: otel.MetricsData, histograms: Sequence[Histogram], since: int) -> otel.MetricsData:
    """
    Return what is to be exported with our histograms in its first scope.

    Args:
        data: what the SDK collected.
        histograms: ours; those without a value are left out.
        since: when they began, in nanoseconds since 1970.
    """
    now = time.time_ns()
    ours = [_metric(histogram, since, now) for histogram in histograms if histogram.all_series()]
    if not ours or not data.resource_metrics or not data.resource_metrics[0].scope_metrics:
        return data
    resource, *resources = data.resource_metrics
    scope, *scopes = resource.scope_metrics
    scope = replace(scope, metrics=[*scope.metrics, *ours])
    return replace(data, resource_metrics=[replace(resource, scope_metrics=[scope, *scopes]), *resources])


def _metric(histogram: Histogram, since: int, now: int) -> otel.Metric:
    points = []
    for labels, series in histogram.all_series().items():
        buckets = list(series.buckets)
        points.append(
            otel.HistogramDataPoint(
                attributes=dict(zip(histogram.instrument.labels, labels, strict=True)),
                start_time_unix_nano=since,
                time_unix_nano=now,
                count=sum(buckets),
                sum=series.total,
                bucket_counts=buckets,
                explicit_bounds=histogram.bounds,
                min=float("-inf"),
                max=float("inf"),
            )
        )
    return otel.Metric(
        histogram.instrument.name,
        histogram.instrument.description,
        histogram.instrument.unit,
        otel.Histogram(points, otel.AggregationTemporality.CUMULATIVE),
    )
