"""What the flag service measures beside its calls."""

import time

from services.flags.catalog import FlagCatalog
from services.flags.change_feed.redis import RedisFeed
from services.runtime.calls.policy import CallPolicy
from services.runtime.telemetry.measurements import Instrument, Measurements, Series

_OPEN_STREAMS = Instrument("mirante.streams.open", "{stream}", "Open streams.", ("rpc.method",))
_LAG = Instrument(
    "mirante.rules.lag", "{revision}", "Revisions that the replica lacked at the last poll.", ("environment",)
)
_AGE = Instrument("mirante.rules.age", "s", "Time since the replica last heard of its database.")
_DELIVERY = Instrument(
    "mirante.rules.delivery", "s", "Time from a commit to its acknowledgement by a subscriber of this replica."
)
_REFUSED = Instrument("mirante.calls.refused", "{call}", "Calls refused to protect the service.", ("reason",))
_HINTS_LOST = Instrument("mirante.hints.lost", "{hint}", "Hints to other replicas that could not be published.")


def delivery_delays(measurements: Measurements) -> Series:
    """Return where the time from commit to acknowledgement is recorded."""
    return measurements.histogram(_DELIVERY).series()


def measure(measurements: Measurements, catalog: FlagCatalog, policy: CallPolicy, feed: RedisFeed) -> None:
    """Measure these parts from now on."""
    measurements.gauge(
        _OPEN_STREAMS, lambda: [((method[1:],), count) for method, count in policy.streams.counts().items()]
    )
    measurements.gauge(_LAG, lambda: [((environment,), lag) for environment, lag in catalog.behind.items()])
    measurements.gauge(_AGE, lambda: [((), time.monotonic() - catalog.read_at)])
    measurements.counter(
        _REFUSED,
        lambda: [(("quota",), policy.quotas.refused), (("in_flight",), policy.in_flight.refused)],
    )
    measurements.counter(_HINTS_LOST, lambda: [((), feed.lost)])
