"""What the processes measure, as Prometheus would see it: registered by their own code, without running them."""

from collections.abc import Callable, Iterable, Mapping
from unittest.mock import MagicMock

from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry

from services.controller.measuring import measure as measure_controller
from services.flags.measuring import delivery_delays
from services.flags.measuring import measure as measure_flags
from services.gateway.http.tracing import Observed
from services.gateway.measuring import measure as measure_gateway
from services.metrics.guards.measuring import measure_guards
from services.metrics.measuring import measure as measure_metrics
from services.runtime.calls.observed import CallObserver
from services.runtime.telemetry.histogram_export import PrometheusReader
from services.runtime.telemetry.measurements import Histogram, Instrument, Labels, Measurements
from services.telemetry.measuring import measure as measure_telemetry


class _Noted(Measurements):
    """Measures one made-up value with all labels in the place of what would be read."""

    def counter(self, instrument: Instrument, read: Callable[[], Iterable[tuple[Labels, float]]]) -> None:
        super().counter(instrument, lambda: [(instrument.labels, 1.0)])
        assert read is not None

    def gauge(self, instrument: Instrument, read: Callable[[], Iterable[tuple[Labels, float]]]) -> None:
        super().gauge(instrument, lambda: [(instrument.labels, 1.0)])
        assert read is not None


def measured() -> Mapping[str, frozenset[str]]:
    """Return the labels of every time series that some process of Mirante tells, by its name."""
    found: dict[str, set[str]] = {}
    for register in (_flags, _telemetry, _metrics, _gateway, _controller):
        for name, labels in _told(register).items():
            found.setdefault(name, set()).update(labels)
    return {name: frozenset(labels) for name, labels in found.items()}


def _told(register: Callable[[MagicMock], None]) -> Mapping[str, set[str]]:
    histograms: list[Histogram] = []
    registry = CollectorRegistry()
    provider = MeterProvider([PrometheusReader(histograms, registry)], shutdown_on_exit=False)
    telemetry = MagicMock(measurements=_Noted(provider.get_meter("mirante"), histograms))
    register(telemetry)
    for histogram in histograms:
        histogram.series(*histogram.instrument.labels).record(1.0)
    try:
        return {sample.name: set(sample.labels) for metric in registry.collect() for sample in metric.samples}
    finally:
        provider.shutdown()


def _flags(telemetry: MagicMock) -> None:
    CallObserver(telemetry)
    delivery_delays(telemetry.measurements)
    measure_flags(telemetry.measurements, MagicMock(), MagicMock(), MagicMock())


def _telemetry(telemetry: MagicMock) -> None:
    parts = {name: MagicMock() for name in ("policy", "commit", "quota", "log", "hints", "horizon")}
    CallObserver(telemetry)
    measure_telemetry(telemetry.measurements, **parts)


def _metrics(telemetry: MagicMock) -> None:
    parts = {name: MagicMock() for name in ("policy", "environments", "leadership", "deliveries", "clock")}
    CallObserver(telemetry)
    measure_metrics(telemetry.measurements, **parts)
    measure_guards(telemetry.measurements, MagicMock())


def _gateway(telemetry: MagicMock) -> None:
    Observed(MagicMock(), telemetry, frozenset())
    measure_gateway(telemetry.measurements, MagicMock(), MagicMock(), [])


def _controller(telemetry: MagicMock) -> None:
    measure_controller(telemetry.measurements, MagicMock(), MagicMock())
