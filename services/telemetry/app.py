"""The telemetry service, put together. The only place that knows which part gets which."""

import datetime
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import grpc.aio
from mirante.api.common.v1.diagnostics_service_pb2_grpc import add_DiagnosticsServiceServicer_to_server
from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import add_CatalogueServiceServicer_to_server
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import add_EventLogServiceServicer_to_server
from mirante.api.telemetry.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from mirante.api.telemetry.v1.privacy_service_pb2_grpc import add_PrivacyServiceServicer_to_server

from services.runtime.background import in_background
from services.runtime.calls.authentication import Entrance
from services.runtime.calls.in_flight import InFlight
from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.calls.observed import CallObserver
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.quota import Quotas
from services.runtime.calls.streams import OpenStreams
from services.runtime.diagnostics import servicer as diagnostics
from services.runtime.hints.redis import RedisHints
from services.runtime.keys.following import channel_to_flags, follow_keys, own_key
from services.runtime.keys.keyring import KeyRing, revoked_error
from services.runtime.keys.postgres_memory import PostgresKeyMemory
from services.runtime.keys.registry import KeyRegistry
from services.runtime.opened import Listening, open_service
from services.runtime.postgres.waiting import until_available
from services.runtime.process import run_service
from services.runtime.redis import RedisClient
from services.runtime.server import GrpcServer
from services.runtime.telemetry.export import Telemetry
from services.telemetry.catalogue.catalogue_admin import CatalogueAdmin
from services.telemetry.catalogue.catalogue_servicer import CatalogueServicer
from services.telemetry.catalogue.catalogues import Catalogues
from services.telemetry.catalogue.postgres_dead_letters import PostgresDeadLetters
from services.telemetry.catalogue.postgres_store import PostgresCatalogues
from services.telemetry.catalogue.replaying import Replay
from services.telemetry.demo import seed
from services.telemetry.diagnosing import figures
from services.telemetry.identity.identities import Identities
from services.telemetry.identity.identity_servicer import IdentityServicer
from services.telemetry.identity.postgres_identities import PostgresIdentities
from services.telemetry.ingestion.candidates import Submission
from services.telemetry.ingestion.event_quota import EventQuota
from services.telemetry.ingestion.group_commit import GroupCommit
from services.telemetry.ingestion.imports import PostgresImports
from services.telemetry.ingestion.ingest_servicer import IngestServicer, add_ingest_servicer
from services.telemetry.ingestion.intake import Intake, Window
from services.telemetry.ingestion.name_limit import NameLimit, known_names
from services.telemetry.ingestion.postgres_writer import PostgresWriter
from services.telemetry.ingestion.replayer import LogReplayer
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.archived_log import ArchivedLog
from services.telemetry.log.archiving import Archiving
from services.telemetry.log.event_log_servicer import EventLogServicer
from services.telemetry.log.horizon import HorizonWatch
from services.telemetry.log.postgres_reader import PostgresLogReader
from services.telemetry.log.postgres_recent import PostgresRecentEvents
from services.telemetry.log.signal import LogSignal
from services.telemetry.log.tailing import TailHub
from services.telemetry.log.upkeep import Upkeep
from services.telemetry.measuring import measure
from services.telemetry.opening import Database, open_database
from services.telemetry.privacy.erasures import Erasures
from services.telemetry.privacy.exports import Exports
from services.telemetry.privacy.ledger import Ledger
from services.telemetry.privacy.parquet_archives import ParquetArchives
from services.telemetry.privacy.postgres_condemning import Condemning
from services.telemetry.privacy.privacy_servicer import PrivacyServicer
from services.telemetry.privacy.reapplying import Reapplying
from services.telemetry.privacy.redis_live_state import RedisLiveState
from services.telemetry.privacy.restore_watch import RestoreWatch
from services.telemetry.privacy.tombstones import Tombstones
from services.telemetry.roles import ROLES, SERVICES
from services.telemetry.settings import TelemetrySettings

_log = logging.getLogger(__name__)

DEMO_ENVIRONMENT: Final = "production"

_HINTS: Final = "mirante:telemetry:log"
_KEYS_SECONDS: Final = 1.0
_CATALOGUE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class TelemetryService:
    """A running telemetry service: where it listens. `prometheus_port` is None without a Prometheus endpoint."""

    port: int
    prometheus_port: int | None


@asynccontextmanager
async def running(settings: TelemetrySettings) -> AsyncIterator[TelemetryService]:
    """
    Run the telemetry service: the block begins when calls are answered, and its end drains the service.

    The port is open from the beginning; until the database has answered, calls are refused as NOT_READY.

    Raises:
        SettingsError: a setting cannot be what it is.
        EmbeddedServerError: a datastore cannot be run here.
        MigrationError: the database and this version do not fit together.
    """
    async with AsyncExitStack() as stack:
        listening = Listening(settings.host, settings.port, "MIRANTE_TELEMETRY_PORT", settings.reuseport)
        opened = await stack.enter_async_context(open_service(settings, "mirante-telemetry", listening, SERVICES))
        database = await open_database(stack, opened.database_url, migrates=settings.migrate)
        flags = await stack.enter_async_context(channel_to_flags(settings))
        parts = _Parts(settings, opened.telemetry, database, opened.redis, flags)
        await parts.prepare()
        parts.add_servicers(opened.services, opened.telemetry)
        opened.services.open()
        await stack.enter_async_context(in_background(*parts.background()))
        await opened.server.serve()
        stack.push_async_callback(_drain, opened.server, parts, settings)
        _log.info("ready", extra={"port": opened.server.port})
        yield TelemetryService(opened.server.port, opened.telemetry.prometheus_port)


class _Parts:
    """The parts that live on an open database."""

    def __init__(
        self,
        settings: TelemetrySettings,
        telemetry: Telemetry,
        database: Database,
        redis: RedisClient,
        flags: grpc.aio.Channel,
    ) -> None:
        self._settings = settings
        self._database = database
        secret = database.installation.hash_secret
        self._folder = (settings.archive_dir or settings.home / "archive").absolute()
        streams = OpenStreams(settings.streams_per_key)
        self._registry = KeyRegistry(flags, own_key(settings), PostgresKeyMemory(database.pool, "known_keys"))
        self._keys = KeyRing(self._registry, lambda key_id: streams.close_those_of(key_id, revoked_error))
        self._policy = CallPolicy(
            observer=CallObserver(telemetry),
            in_flight=InFlight(settings.max_in_flight),
            entrance=Entrance(self._keys, {**ROLES, **diagnostics.ROLES}),
            quotas=Quotas(settings.quota),
            streams=streams,
        )
        self._redis = redis
        self._hints = RedisHints(redis, _HINTS)
        self._signal = LogSignal(self._hints)
        self._tombstones = Tombstones(secret)
        self._catalogues = Catalogues(PostgresCatalogues(database.pool), secret)
        self._admin = CatalogueAdmin(PostgresCatalogues(database.pool), self._catalogues.refresh)
        ledger = Ledger(self._folder)
        self._condemning = Condemning(database.pool, ledger, secret)
        self._archives = ParquetArchives(database.pool, self._folder)
        self._erasures = Erasures(
            pool=database.pool,
            slow_pool=database.slow,
            condemning=self._condemning,
            archives=self._archives,
            live_state=RedisLiveState(redis),
            hash_secret=secret,
            notify=self._notify_all,
        )
        self._upkeep = Upkeep(
            database.pool,
            Archiving(self._folder),
            database_url=database.url,
            window_days=settings.window_days,
            retention_days=settings.retention_days,
            log_began=database.installation.log_began,
            clock=_now,
            duties=[partial(self._erasures.resume, wait=False)],
        )
        self._horizon = HorizonWatch(database.pool)
        self._writer = PostgresWriter(database.writers, self._tombstones, self._upkeep.ensure)
        self._commit = GroupCommit(self._writer, settings.queue_bytes, self._committed)
        self._quota = EventQuota(settings.quota, settings.tenant_quota)
        self._reader = PostgresLogReader(database.readers, ArchivedLog(self._folder))
        self.log = self._event_log()
        self._reapplying = Reapplying(ledger, self._condemning, self._erasures, _now)

    async def prepare(self) -> None:
        """Create what a first start needs, and read what has to be known."""
        await until_available(self._upkeep.ensure)
        await until_available(self._keys.refresh)
        if self._settings.demo:
            await until_available(partial(seed, self._admin, DEMO_ENVIRONMENT))
        await until_available(self._catalogues.refresh)
        await until_available(self._reapplying.reapply)
        self._names = NameLimit(await until_available(partial(known_names, self._database.pool)))

    def add_servicers(self, services: InterceptedServices, telemetry: Telemetry) -> None:
        """Put up the services."""
        server = services.adding(self._policy)
        database, settings = self._database, self._settings
        window = Window(
            settings.window_days, _milliseconds(database.installation.log_began), self._upkeep.keys_since_ms
        )
        intake = Intake(self._catalogues, self._quota, self._commit, self._names, window)
        letters = PostgresDeadLetters(database.pool)
        replay = Replay(
            letters, LogReplayer(self._catalogues, self._writer, self._signal.notify), self._catalogues.refresh
        )
        secret = database.installation.hash_secret
        identities = PostgresIdentities(database.pool, self._tombstones, secret, self._notify_all)
        self.ingest = IngestServicer(intake, PostgresImports(database.pool))
        add_ingest_servicer(self.ingest, server)
        add_EventLogServiceServicer_to_server(self.log, server)
        add_CatalogueServiceServicer_to_server(
            CatalogueServicer(self._admin, PostgresCatalogues(database.pool), letters, replay, now=_now), server
        )
        add_IdentityServiceServicer_to_server(IdentityServicer(Identities(identities, secret, _now)), server)
        exports = Exports(database.pool, self._condemning, self._archives)
        add_PrivacyServiceServicer_to_server(PrivacyServicer(database.pool, exports, self._erasures), server)
        add_DiagnosticsServiceServicer_to_server(
            diagnostics.DiagnosticsServicer(
                "telemetry",
                database.url,
                self._redis,
                folders={"archive": self._folder},
                figures=partial(figures, self.log, self._horizon, self._commit),
                demo=settings.demo,
            ),
            server,
        )
        measure(
            telemetry.measurements,
            policy=self._policy,
            commit=self._commit,
            quota=self._quota,
            log=self.log,
            hints=self._hints,
            horizon=self._horizon,
        )

    async def end_streams(self) -> None:
        """Tell the open streams that the service stops."""
        self.ingest.end_streams()
        await self.log.end_streams()

    def background(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return what goes on beside the calls."""
        return [
            *self._commit.lanes(),
            partial(follow_keys, self._keys, _KEYS_SECONDS),
            partial(self._catalogues.poll, _CATALOGUE_SECONDS),
            self._signal.publish,
            self._signal.listen,
            self._upkeep.run,
            self._horizon.run,
            RestoreWatch(self._reader.epoch, self._database.installation.epoch, self._reapplying.reapply).run,
        ]

    def _event_log(self) -> EventLogServicer:
        reader = self._reader
        poll, secret = self._settings.follow_poll_seconds, self._database.installation.hash_secret
        tails = TailHub(reader, self._signal, ActorIds(secret), poll)
        recent = PostgresRecentEvents(self._database.pool, self._folder)
        return EventLogServicer(reader, self._signal, tails, recent, secret=secret, poll_seconds=poll)

    def _committed(self, group: Sequence[Submission]) -> None:
        for environment in {each.environment for submission in group for each in submission.candidates}:
            self._signal.notify(environment)

    def _notify_all(self) -> None:
        for environment in self._registry.environments:
            self._signal.notify(environment)


async def _drain(server: GrpcServer, parts: _Parts, settings: TelemetrySettings) -> None:
    _log.info("draining")
    await server.drain(parts.end_streams, settings.drain_seconds)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _milliseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)


def main() -> None:
    """Run the telemetry service as a process."""
    run_service(TelemetrySettings, running)
