"""Experiments, put together."""

import time
from collections.abc import Callable

import grpc.aio
from mirante.api.metrics.v1.experiment_service_pb2_grpc import add_ExperimentServiceServicer_to_server

from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.experiments.as_drawn import AsDrawn
from services.metrics.experiments.deciding import Deciding
from services.metrics.experiments.desk import ExperimentDesk
from services.metrics.experiments.experiment_servicer import ExperimentParts, ExperimentServicer
from services.metrics.experiments.outside.grpc_services import GrpcCatalogue, GrpcFlags
from services.metrics.experiments.results_desk import ResultsDesk
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.experiments.storing.looks import PostgresLooks
from services.metrics.settings import MetricsSettings
from services.runtime.postgres.pool import PostgresPool


class Experiments:
    """
    What this process has of experiments.

    Args:
        settings: where the analytics stores are.
        pool: the database.
        flags: the flag service.
        telemetry: the telemetry service.
        secret: this service's own key.
    """

    def __init__(
        self,
        settings: MetricsSettings,
        pool: PostgresPool,
        flags: grpc.aio.Channel,
        telemetry: grpc.aio.Channel,
        secret: str,
    ) -> None:
        folder = (settings.analytics_dir or settings.home / "analytics").absolute()
        outside = GrpcFlags(flags, secret)
        experiments = PostgresExperiments(pool)
        desk = ExperimentDesk(pool, outside, outside, GrpcCatalogue(telemetry, secret), time.time)
        results = ResultsDesk(AnalyticsStore(folder), PostgresLooks(pool), time.time)
        deciding = Deciding(pool, desk, outside, outside, experiments, results=results)
        self._servicer = ExperimentServicer(ExperimentParts(experiments, desk, results, deciding, AsDrawn(outside)))

    def serve(self, adding: Callable[[], grpc.aio.Server]) -> None:
        """Add the service; `adding` returns where to."""
        add_ExperimentServiceServicer_to_server(self._servicer, adding())
