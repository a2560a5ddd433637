"""What the controller measures."""

from services.controller.cluster.lease import Lease
from services.controller.controller import Controller
from services.runtime.telemetry.measurements import Instrument, Measurements

_LEADS = Instrument("mirante.controller.leads", "{process}", "Whether this process carries out resources.")
_WAITING = Instrument("mirante.controller.waiting", "{resource}", "Resources that wait to be looked at.")
_RESOURCES = Instrument(
    "mirante.controller.resources", "{resource}", "Resources that are ready, not ready, in conflict.", ("state",)
)
_LOOKS = Instrument("mirante.controller.looks", "{look}", "Looks at resources, by how they ended.", ("outcome",))


def measure(measurements: Measurements, lease: Lease, controller: Controller) -> None:
    """Measure these parts from now on."""
    measurements.gauge(_LEADS, lambda: [((), int(lease.leads))])
    measurements.gauge(_WAITING, lambda: [((), controller.waiting if lease.leads else 0)])
    measurements.gauge(
        _RESOURCES,
        lambda: [((state,), count) for state, count in controller.states().items()] if lease.leads else [],
    )
    measurements.counter(_LOOKS, lambda: [((outcome,), count) for outcome, count in list(controller.looks.items())])
