"""The programme, put together."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import grpc.aio
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import programme_service_pb2 as pb2
from mirante.api.metrics.v1.programme_service_pb2_grpc import add_ProgrammeServiceServicer_to_server

from services.metrics.alerts.alert_desk import AlertDesk
from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.environments import Environments
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.programme.health import Health
from services.metrics.programme.lifecycles import Lifecycles
from services.metrics.programme.outside import GrpcOutside
from services.metrics.programme.programme_servicer import ProgrammeServicer
from services.metrics.settings import MetricsSettings
from services.runtime.postgres.pool import PostgresPool


class Programme:
    """
    What this process says of the programme.

    Args:
        settings: where the analytics stores are, and whether they are kept.
        pool: the database.
        outside: flags, rollouts and the catalogue.
        environments: whose live numbers are kept.
        zone: whose months experiments are counted by.
    """

    def __init__(
        self,
        settings: MetricsSettings,
        pool: PostgresPool,
        outside: GrpcOutside,
        environments: Environments,
        zone: ZoneInfo,
    ) -> None:
        folder = (settings.analytics_dir or settings.home / "analytics").absolute()
        experiments = PostgresExperiments(pool)
        lifecycles = Lifecycles(outside, experiments, AnalyticsStore(folder) if settings.analytics else None)

        def live(environment: str) -> pb2.LiveAge | None:
            return live_age(environments, environment, time.time())

        health = Health(outside, lifecycles, experiments, alerts=AlertDesk(pool, time.time), live=live, zone=zone)
        self._servicer = ProgrammeServicer(lifecycles, health, time.time)

    def serve(self, adding: Callable[[], grpc.aio.Server]) -> None:
        """Add the service; `adding` returns where to."""
        add_ProgrammeServiceServicer_to_server(self._servicer, adding())


def live_age(environments: Environments, environment: str, now: float) -> pb2.LiveAge | None:
    """Return how old the live numbers of an environment are at a time; None before the log was read."""
    kept = environments.kept.get(environment)
    if kept is None or kept.follower.view.log_read_at is None:
        return None
    age = max(now - kept.follower.view.log_read_at.timestamp(), 0.0)
    return pb2.LiveAge(
        age=Duration(seconds=int(age), nanos=int(age % 1 * 1e9)), catching_up=kept.follower.view.catching_up(now)
    )
