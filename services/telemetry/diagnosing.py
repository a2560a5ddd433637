"""What the telemetry service says of itself to whoever looks after it."""

from collections.abc import Iterable

from mirante.api.common.v1 import diagnostics_service_pb2 as pb2

from services.telemetry.ingestion.group_commit import GroupCommit
from services.telemetry.log.event_log_servicer import EventLogServicer
from services.telemetry.log.horizon import HorizonWatch


async def figures(log: EventLogServicer, horizon: HorizonWatch, commit: GroupCommit) -> Iterable[pb2.Figure]:
    """Return how far followers are behind, how long a transaction holds back the log, what waits to be stored."""
    return [
        *[
            pb2.Figure(name="follower_lag_seconds", of=environment, value=lag)
            for environment, lag in log.lags().items()
        ],
        pb2.Figure(name="horizon_age_seconds", value=horizon.age_seconds),
        pb2.Figure(name="waiting_events", value=commit.queue.events),
    ]
