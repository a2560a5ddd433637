"""The flag service, put together. The only place that knows which part gets which."""

import datetime
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from mirante.api.common.v1.diagnostics_service_pb2_grpc import add_DiagnosticsServiceServicer_to_server
from mirante.api.flags.v1.access_admin_service_pb2_grpc import add_AccessAdminServiceServicer_to_server
from mirante.api.flags.v1.evaluation_service_pb2_grpc import add_EvaluationServiceServicer_to_server
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import add_FlagAdminServiceServicer_to_server
from mirante.api.flags.v1.flag_sync_service_pb2_grpc import add_FlagSyncServiceServicer_to_server
from mirante.api.flags.v1.key_registry_service_pb2_grpc import add_KeyRegistryServiceServicer_to_server
from mirante.api.flags.v1.people_service_pb2_grpc import (
    add_LoginServiceServicer_to_server,
    add_PeopleAdminServiceServicer_to_server,
)
from mirante.api.flags.v1.rollout_service_pb2_grpc import (
    add_RolloutGuardServiceServicer_to_server,
    add_RolloutServiceServicer_to_server,
)
from mirante.api.flags.v1.segment_admin_service_pb2_grpc import add_SegmentAdminServiceServicer_to_server

from services.flags.administration import Administration, administration, now
from services.flags.announcing import Announcer
from services.flags.bootstrap import ensure_environment_and_keys
from services.flags.catalog import FlagCatalog
from services.flags.change_feed.redis import RedisFeed
from services.flags.delivery.counting import DeliveryCount
from services.flags.delivery.redis_board import RedisBoard
from services.flags.demo import OTHER_ENVIRONMENTS, seed
from services.flags.diagnosing import figures
from services.flags.evaluation_servicer import EvaluationServicer
from services.flags.flag_sync_servicer import FlagSyncServicer
from services.flags.following import Follower
from services.flags.given_keys import ensure_given
from services.flags.key_registry_servicer import KeyRegistryServicer
from services.flags.measuring import delivery_delays, measure
from services.flags.opening import open_database
from services.flags.people.first_admin import ensure_first_admin
from services.flags.people.login_servicer import LoginServicer
from services.flags.people.logins import Logins, SessionTimes
from services.flags.people.passwords import Passwords, open_passwords
from services.flags.people.people_admin import PeopleAdmin
from services.flags.people.people_admin_servicer import PeopleAdminServicer
from services.flags.roles import ROLES, SERVICES
from services.flags.settings import FlagsSettings
from services.flags.store.postgres import Store
from services.flags.watch.hub import WatchHub
from services.runtime.background import in_background
from services.runtime.calls.authentication import Entrance
from services.runtime.calls.in_flight import InFlight
from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.calls.observed import CallObserver
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.quota import Quotas
from services.runtime.calls.streams import OpenStreams
from services.runtime.diagnostics import servicer as diagnostics
from services.runtime.keys.keyring import KeyRing, revoked_error
from services.runtime.opened import Listening, Opened, open_service
from services.runtime.postgres.waiting import until_available
from services.runtime.process import run_service
from services.runtime.redis import RedisClient
from services.runtime.server import GrpcServer
from services.runtime.telemetry.export import Telemetry

_log = logging.getLogger(__name__)

DEMO_ENVIRONMENT: Final = "production"
_ROLLOUT_SECONDS: Final = 1.0
"""How often rollout plans are looked at."""


@dataclass(frozen=True, slots=True)
class FlagService:
    """A running flag service: where it listens. `prometheus_port` is None without a Prometheus endpoint."""

    port: int
    prometheus_port: int | None


@asynccontextmanager
async def running(settings: FlagsSettings, clock: Callable[[], datetime.datetime] = now) -> AsyncIterator[FlagService]:
    """
    Run the flag service: the block begins when calls are answered, and its end drains the service.

    The port is open from the beginning; until the database has answered, calls are refused as NOT_READY. Rollout plans
    go by `clock`.

    Raises:
        SettingsError: a setting cannot be what it is.
        EmbeddedServerError: a datastore cannot be run here.
        MigrationError: the database and this version do not fit together.
    """
    async with AsyncExitStack() as stack:
        listening = Listening(settings.host, settings.port, "MIRANTE_FLAGS_PORT", settings.reuseport)
        opened = await stack.enter_async_context(open_service(settings, "mirante-flags", listening, SERVICES))
        store = await open_database(stack, opened.database_url, migrates=settings.migrate)
        passwords = await stack.enter_async_context(open_passwords())
        parts = _Parts(settings, opened.telemetry, store, opened.redis, passwords, clock=clock)
        await parts.prepare(settings)
        parts.add_servicers(opened.services)
        parts.add_diagnostics(opened, settings)
        opened.services.open()
        await stack.enter_async_context(in_background(*parts.background(settings)))
        await opened.server.serve()
        stack.push_async_callback(_drain, opened.server, parts.hub, settings)
        _log.info("ready", extra={"port": opened.server.port})
        yield FlagService(opened.server.port, opened.telemetry.prometheus_port)


class _Parts:
    """The parts that live on an open database."""

    def __init__(
        self,
        settings: FlagsSettings,
        telemetry: Telemetry,
        store: Store,
        redis: RedisClient,
        passwords: Passwords,
        *,
        clock: Callable[[], datetime.datetime],
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._session_times = SessionTimes(
            datetime.timedelta(hours=settings.session_hours), datetime.timedelta(hours=settings.session_idle_hours)
        )
        self._feed = RedisFeed(redis)
        streams = OpenStreams(settings.streams_per_key)
        self._keys = KeyRing(store.rules, lambda key_id: streams.close_those_of(key_id, revoked_error))
        self._policy = CallPolicy(
            observer=CallObserver(telemetry),
            in_flight=InFlight(settings.max_in_flight),
            entrance=Entrance(self._keys, {**ROLES, **diagnostics.ROLES}),
            quotas=Quotas(settings.quota),
            streams=streams,
        )
        self._catalog = FlagCatalog(store.rules)
        self.hub = WatchHub(self._catalog, delivery_delays(telemetry.measurements))
        self._catalog.on_change = self.hub.changed
        self._delivery = DeliveryCount(RedisBoard(redis), self.hub.presence, self._catalog.environments)
        self.hub.on_progress = self._delivery.progressed
        self._follower = Follower(self._catalog, self._keys, self._feed)
        announcer = Announcer(self._catalog, self._follower, self._feed)
        self._administration: Administration = administration(
            store, announcer.rules_changed, announcer.keys_changed, clock
        )
        measure(telemetry.measurements, self._catalog, self._policy, self._feed)

    async def prepare(self, settings: FlagsSettings) -> None:
        """Create what a first start needs, and read everything."""
        if settings.given_keys is not None:
            given = partial(ensure_given, self._store.access, self._passwords, DEMO_ENVIRONMENT, settings.given_keys)
            await until_available(given)
        if settings.bootstrap or settings.demo:
            await until_available(partial(self._bootstrap, settings))
        await until_available(self._follower.read_keys)
        await until_available(self._follower.read_rules)

    def add_servicers(self, services: InterceptedServices) -> None:
        """Put up the services."""
        server = services.adding(self._policy)
        admin = self._administration
        add_EvaluationServiceServicer_to_server(EvaluationServicer(self._catalog, self._policy.quotas), server)
        add_FlagSyncServiceServicer_to_server(FlagSyncServicer(self._catalog, self.hub, self._delivery), server)
        add_FlagAdminServiceServicer_to_server(admin.flags, server)
        add_SegmentAdminServiceServicer_to_server(admin.segments, server)
        add_AccessAdminServiceServicer_to_server(admin.access, server)
        add_RolloutServiceServicer_to_server(admin.rollouts.plans, server)
        add_RolloutGuardServiceServicer_to_server(admin.rollouts.guards, server)
        people, access = self._store.people, self._store.access
        logins = Logins(people, access, self._passwords, self._session_times, now)
        add_PeopleAdminServiceServicer_to_server(PeopleAdminServicer(PeopleAdmin(people, self._passwords)), server)
        add_LoginServiceServicer_to_server(LoginServicer(logins), server)
        add_KeyRegistryServiceServicer_to_server(KeyRegistryServicer(self._store.rules, self._store.browsers), server)

    def add_diagnostics(self, opened: Opened, settings: FlagsSettings) -> None:
        """Put up the service that says how this process fares."""
        servicer = diagnostics.DiagnosticsServicer(
            "flags",
            opened.database_url,
            opened.redis,
            folders={},
            figures=partial(figures, self._catalog),
            demo=settings.demo,
        )
        add_DiagnosticsServiceServicer_to_server(servicer, opened.services.adding(self._policy))

    def background(self, settings: FlagsSettings) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return what goes on beside the calls."""
        return [
            partial(self._follower.poll, settings.poll_seconds),
            self._follower.listen,
            self._delivery.keep_posting,
            partial(self._administration.rollouts.scheduler.run, _ROLLOUT_SECONDS),
            partial(self.hub.keep_alive, settings.heartbeat_seconds, settings.blocked_write_seconds),
        ]

    async def _bootstrap(self, settings: FlagsSettings) -> None:
        others = OTHER_ENVIRONMENTS if settings.demo else ()
        await ensure_environment_and_keys(self._store.access, DEMO_ENVIRONMENT, settings.home, others=others)
        await ensure_first_admin(self._store.access, self._passwords, settings.home)
        if settings.demo:
            await seed(self._store.rules, self._administration.transfer, DEMO_ENVIRONMENT)


async def _drain(server: GrpcServer, hub: WatchHub, settings: FlagsSettings) -> None:
    _log.info("draining")
    await server.drain(partial(hub.say_goodbye, settings.goodbye_spread_seconds), settings.drain_seconds)


def main() -> None:
    """Run the flag service as a process."""
    run_service(FlagsSettings, running)
