"""What the metrics service says of itself to whoever looks after it."""

from collections.abc import Callable, Iterable

from mirante.api.common.v1 import diagnostics_service_pb2 as pb2

from services.metrics.alerts.delivery.worker import DeliveryWorker
from services.metrics.environments import Environments
from services.metrics.following.leadership import Leadership
from services.metrics.measuring import log_age_seconds, waiting_seconds


async def figures(
    environments: Environments, leadership: Leadership, deliveries: DeliveryWorker, clock: Callable[[], float]
) -> Iterable[pb2.Figure]:
    """Return how far the log is counted, whether this process leads, and how long messages to webhooks wait."""
    return [
        *[
            pb2.Figure(name="log_age_seconds", of=environment, value=log_age_seconds(kept, clock))
            for environment, kept in environments.kept.items()
        ],
        pb2.Figure(name="leads", value=float(leadership.writer is not None)),
        pb2.Figure(name="waiting_delivery_seconds", value=waiting_seconds(deliveries, clock)),
    ]
