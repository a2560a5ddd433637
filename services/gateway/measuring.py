"""What the gateway measures beside its requests."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.gateway.http.open_connections import OpenConnections
from services.gateway.live.feeds import Feeds
from services.runtime.calls.quota import Quotas
from services.runtime.telemetry.measurements import Instrument, Measurements

_OPEN: Final = Instrument("mirante.gateway.connections.open", "{connection}", "Long-lived connections.", ("kind",))
_REFUSED: Final = Instrument(
    "mirante.gateway.connections.refused", "{connection}", "Connections of keys that had too many.", ("kind",)
)
_FEEDS: Final = Instrument("mirante.gateway.feeds.open", "{feed}", "Tenants that are watched.")
_QUOTA: Final = Instrument("mirante.gateway.requests.refused", "{request}", "Requests over a quota.", ("quota",))


def measure(
    measurements: Measurements, connections: Mapping[str, OpenConnections], feeds: Feeds, quotas: Sequence[Quotas]
) -> None:
    """Measure these parts from now on; `quotas` are those of requests, of events and of people."""
    measurements.gauge(_OPEN, lambda: [((kind,), each.count) for kind, each in connections.items()])
    measurements.counter(_REFUSED, lambda: [((kind,), each.refused) for kind, each in connections.items()])
    measurements.gauge(_FEEDS, lambda: [((), feeds.count)])
    names = ("requests", "events", "people")
    measurements.counter(_QUOTA, lambda: [((name,), each.refused) for name, each in zip(names, quotas, strict=True)])
