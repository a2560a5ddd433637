"""The alerts of one environment: judged, and shown to whoever watches."""

from dataclasses import dataclass

from services.metrics.alerts.hour_judging import Place
from services.metrics.alerts.runner import AlertRunner
from services.metrics.alerts.watching import AlertHub


@dataclass(frozen=True, slots=True)
class Alerting:
    """The parts of one environment."""

    place: Place
    hub: AlertHub
    runner: AlertRunner
