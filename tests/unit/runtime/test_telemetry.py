"""Which calls are traced, and what is measured."""

import io
import json
import logging

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram as OtelHistogram
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from services.runtime.settings import SettingsError
from services.runtime.telemetry.histogram_export import with_histograms
from services.runtime.telemetry.logs import log_handler
from services.runtime.telemetry.measurements import Histogram, Instrument, Measurements
from services.runtime.telemetry.sampling import Sampling, sampling_of
from services.runtime.telemetry.trace_context import TraceParent, current_headers, trace_parent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("environment", "sampling"),
    [
        ({}, Sampling(0.01, parent_based=True)),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, Sampling(1.0, parent_based=False)),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, Sampling(0.0, parent_based=True)),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
            Sampling(0.25, parent_based=False),
        ),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}, Sampling(1.0, parent_based=True)),
    ],
)
def test_the_standard_variables_choose_the_sampling(environment: dict[str, str], sampling: Sampling) -> None:
    """Unset, one call in a hundred is traced; what is set means what OpenTelemetry says."""
    assert sampling_of(environment) == sampling


@pytest.mark.parametrize(
    "environment",
    [{"OTEL_TRACES_SAMPLER": "sometimes"}, {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}],
)
def test_an_unknown_sampling_is_refused(environment: dict[str, str]) -> None:
    """A typing error does not silently trace everything."""
    with pytest.raises(SettingsError, match="OTEL_TRACES_SAMPLER"):
        sampling_of(environment)


def test_the_caller_decides_when_sampling_is_parent_based() -> None:
    """What the caller traces is traced here, and what it does not is not."""
    sampling = Sampling(0.5, parent_based=True)
    parent = TraceParent(1, 1, sampled=True)
    assert sampling.traces(parent, lambda: 0.99)
    assert not sampling.traces(TraceParent(1, 1, sampled=False), lambda: 0.0)
    assert sampling.traces(None, lambda: 0.49)
    assert not sampling.traces(None, lambda: 0.5)


def test_a_ratio_applies_to_the_trace_id() -> None:
    """All processes choose the same traces."""
    sampling = Sampling(0.5, parent_based=False)
    assert sampling.traces(TraceParent(2**63 - 1, 1, sampled=False))
    assert not sampling.traces(TraceParent(2**63, 1, sampled=True))


@pytest.mark.parametrize(
    ("header", "parent"),
    [
        (f"00-{TRACE}-{SPAN}-01", TraceParent(int(TRACE, 16), int(SPAN, 16), sampled=True)),
        (f"00-{TRACE}-{SPAN}-00", TraceParent(int(TRACE, 16), int(SPAN, 16), sampled=False)),
        (f"cc-{TRACE}-{SPAN}-03-what-the-future-adds", TraceParent(int(TRACE, 16), int(SPAN, 16), sampled=True)),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        ("00-abc", None),
        ("", None),
    ],
)
def test_the_callers_span_is_read(header: str, parent: TraceParent | None) -> None:
    """As W3C Trace Context has it; a malformed header is none."""
    assert trace_parent({"traceparent": header}) == parent


def test_a_histogram_counts_in_buckets() -> None:
    """A value on a bound belongs to the bucket below it."""
    histogram = Histogram(Instrument("x", "s", ""), (1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.series().record(value)
    series = histogram.all_series()[()]
    assert (series.buckets, series.total) == ([2, 1, 1], 12.0)


def test_histograms_are_exported_beside_what_opentelemetry_collects() -> None:
    """Counters, gauges and histograms arrive in one piece, with their labels."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    histograms: list[Histogram] = []
    measurements = Measurements(provider.get_meter("test"), histograms)
    measurements.gauge(Instrument("open", "1", "", ("method",)), lambda: [(("Watch",), 3)])
    measurements.histogram(Instrument("took", "s", "how long", ("method", "status")), (1.0,)).series("E", "OK").record(
        0.5
    )
    collected = reader.get_metrics_data()
    assert collected is not None
    metrics = with_histograms(collected, histograms, since=7).resource_metrics[0].scope_metrics[0].metrics
    provider.shutdown()
    gauge, took = metrics
    assert isinstance(took.data, OtelHistogram)
    point = took.data.data_points[0]
    assert (gauge.name, [point.attributes for point in gauge.data.data_points]) == ("open", [{"method": "Watch"}])
    assert (took.name, took.unit) == ("took", "s")
    assert (point.attributes, point.count, point.sum) == ({"method": "E", "status": "OK"}, 1, 0.5)
    assert (list(point.bucket_counts), list(point.explicit_bounds)) == ([1, 0], [1.0])


def logged(**extra: object) -> dict[str, object]:
    """What is written for one record."""
    handler = log_handler()
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.stream = io.StringIO()
    record = logging.getLogger("mirante.test").makeRecord(
        "mirante.test", logging.WARNING, __file__, 1, "it %s", ("happened",), None, extra=extra
    )
    handler.handle(record)
    written: dict[str, object] = json.loads(stream.getvalue())
    return written


def test_logs_are_json_with_the_callers_trace() -> None:
    """A record of a call that is not traced here names the trace of its caller."""
    token = current_headers.set({"traceparent": f"00-{TRACE}-{SPAN}-00"})
    try:
        record = logged(environment="production")
    finally:
        current_headers.reset(token)
    assert record["message"] == "it happened"
    assert record["level"] == "WARNING"
    assert record["logger"] == "mirante.test"
    assert record["environment"] == "production"
    assert (record["trace_id"], record["span_id"]) == (TRACE, SPAN)


def test_logs_outside_of_calls_have_no_trace() -> None:
    """What belongs to no call has no ids."""
    assert "trace_id" not in logged()
