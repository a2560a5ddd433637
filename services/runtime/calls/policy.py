"""What every call goes through, in this order, outermost first."""

from dataclasses import dataclass

from services.runtime.calls.authentication import Entrance
from services.runtime.calls.in_flight import InFlight
from services.runtime.calls.observed import CallObserver
from services.runtime.calls.quota import Quotas
from services.runtime.calls.streams import OpenStreams


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """
    The pieces around a call; errors become statuses between the first and the second.

    `in_flight` and `quotas` count unary calls. Streams are bounded by how many are open, and charge their items
    themselves.
    """

    observer: CallObserver
    in_flight: InFlight
    entrance: Entrance
    quotas: Quotas
    streams: OpenStreams
