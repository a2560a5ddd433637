"""What is measured of guards."""

from services.metrics.guards.watchers import GuardWatchers
from services.runtime.telemetry.measurements import Instrument, Measurements

_WATCHED = Instrument("mirante.guards.watched", "{rollout}", "Rollouts whose guards are watched.", ("environment",))
_BLIND = Instrument(
    "mirante.guards.blind", "{process}", "Whether rollouts are watched and the present is not seen.", ("environment",)
)
_BREACHES = Instrument("mirante.guards.breaches", "{breach}", "Breaches told to the flag service.", ("environment",))


def measure_guards(measurements: Measurements, guards: GuardWatchers) -> None:
    """Measure them from now on."""
    measurements.gauge(_WATCHED, lambda: [((key,), each.rollouts) for key, each in guards.watchers.items()])
    measurements.gauge(_BLIND, lambda: [((key,), int(each.blind)) for key, each in guards.watchers.items()])
    measurements.counter(_BREACHES, lambda: [((key,), each.breaches) for key, each in guards.watchers.items()])
