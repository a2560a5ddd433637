"""Analytics, put together: the stores that are kept, the processes that run reports, and what is served of them."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc
import grpc.aio
from mirante.api.metrics.v1 import cohort_pb2, saved_report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import add_AnalyticsServiceServicer_to_server
from mirante.api.metrics.v1.analytics_store_service_pb2_grpc import add_AnalyticsStoreServiceServicer_to_server
from mirante.api.metrics.v1.sql_service_pb2_grpc import add_SqlServiceServicer_to_server

from services.metrics.analytics.analytics_servicer import AnalyticsServicer
from services.metrics.analytics.analytics_store_servicer import AnalyticsStoreServicer
from services.metrics.analytics.answering.cache import AnswerCache
from services.metrics.analytics.answering.catalogue import GrpcCatalogues
from services.metrics.analytics.answering.desk import Clocks, ReportDesk
from services.metrics.analytics.answering.names import NameBook
from services.metrics.analytics.answering.processes import ReportBounds, ReportProcesses
from services.metrics.analytics.clickhouse.keeping import ClickHouseKeepers
from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.measuring import measure_reports, measure_stores
from services.metrics.analytics.saved.changes import PostgresSavedChanges
from services.metrics.analytics.saved.checks import SavedChecks
from services.metrics.analytics.saved.kinds import BOARD, COHORT, REPORT
from services.metrics.analytics.saved.postgres import PostgresSaved
from services.metrics.analytics.saved.shelf import Shelf
from services.metrics.analytics.saved_servicer import Shelves
from services.metrics.analytics.sql.answering import SqlProcesses
from services.metrics.analytics.sql.sql_servicer import SqlServicer
from services.metrics.analytics.store.all_stores import AnalyticsStores
from services.metrics.following import RawEventLog
from services.metrics.following.grpc_traits import GrpcTraits
from services.metrics.settings import MetricsSettings
from services.runtime.postgres.pool import PostgresPool
from services.runtime.telemetry.measurements import Measurements

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Log:
    """
    Where events come from, and with which key.

    Attributes:
        channel: to the telemetry service.
        secret: this service's own key.
        known: returns the environments that can be followed now.
        raw: the log.
        leads: whether this process leads, and so writes.
    """

    channel: grpc.aio.Channel
    secret: str
    known: Callable[[], frozenset[str]]
    raw: RawEventLog
    leads: Callable[[], bool]


class Analytics:
    """
    What this process has of analytics.

    Attributes:
        work: what goes on for as long as the service runs; nothing where no store is kept.

    Raises:
        SettingsError: ClickHouse is set and cannot be used so.
    """

    def __init__(self, settings: MetricsSettings, pool: PostgresPool, log: Log) -> None:
        folder = (settings.analytics_dir or settings.home / "analytics").absolute()
        bounds = ReportBounds(
            concurrent=settings.report_processes,
            seconds=settings.report_seconds,
            memory_mib=settings.report_memory_mib,
        )
        traits = GrpcTraits(log.channel, log.secret)
        self._stores = AnalyticsStores(
            folder,
            log.known,
            log.raw,
            log.leads,
            gather_seconds=settings.analytics_seconds,
            clock=time.time,
            traits=traits,
            trait_seconds=settings.analytics_trait_seconds,
        )
        url = settings.analytics_clickhouse_url
        clickhouse_url = None if url is None else url.get_secret_value()
        self._processes = ReportProcesses(folder, bounds, time.monotonic, clickhouse_url)
        self._cache = AnswerCache(settings.report_cache_mib * _MIB)
        cohorts = _SavedCohorts(pool)
        desk = ReportDesk(
            folder,
            self._processes,
            NameBook(folder, GrpcCatalogues(log.channel, log.secret), time.monotonic),
            cohorts,
            cache=self._cache,
            clocks=Clocks(time.time, time.monotonic),
        )
        checks = SavedChecks(desk.check, desk.check_cohort)
        shelves = Shelves(
            Shelf(pool, COHORT, saved_report_pb2.Cohort, checks.saved_cohort, time.time),
            Shelf(pool, REPORT, saved_report_pb2.SavedReport, checks.saved_report, time.time),
            Shelf(pool, BOARD, saved_report_pb2.Board, checks.saved_board, time.time),
            PostgresSavedChanges(pool),
        )
        self._servicer = AnalyticsServicer(desk if settings.analytics else None, shelves)
        self._store_servicer = AnalyticsStoreServicer(folder)
        self._sql_servicer = SqlServicer(folder, SqlProcesses())
        work: list[Callable[[], Awaitable[None]]] = [self._stores.run, self._processes.run]
        if clickhouse_url is not None:
            keepers = ClickHouseKeepers(
                log.known,
                ClickHouseServer(clickhouse_url),
                log.raw,
                log.leads,
                gather_seconds=settings.analytics_seconds,
                clock=time.time,
                traits=traits,
                trait_seconds=settings.analytics_trait_seconds,
            )
            work.append(keepers.run)
        self.work = tuple(work) if settings.analytics else ()

    def serve(self, adding: Callable[[], grpc.aio.Server]) -> None:
        """Add the services; `adding` returns where to, for each."""
        add_AnalyticsServiceServicer_to_server(self._servicer, adding())
        add_AnalyticsStoreServiceServicer_to_server(self._store_servicer, adding())
        add_SqlServiceServicer_to_server(self._sql_servicer, adding())

    def measure(self, measurements: Measurements) -> None:
        """Measure all of it from now on."""
        measure_stores(measurements, self._stores, time.time)
        measure_reports(measurements, self._processes, self._cache)


class _SavedCohorts:
    """Definitions of saved cohorts; what is saved was checked."""

    def __init__(self, pool: PostgresPool) -> None:
        self._saved = PostgresSaved(pool, COHORT)

    async def definition(self, environment: str, cohort_id: str) -> cohort_pb2.CohortDefinition:
        """See `Cohorts`."""
        row = await self._saved.get(environment, cohort_id)
        return saved_report_pb2.Cohort.FromString(row.content).definition
