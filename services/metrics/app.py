"""The metrics service, put together. The only place that knows which part gets which."""

import logging
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from mirante.api.common.v1.diagnostics_service_pb2_grpc import add_DiagnosticsServiceServicer_to_server
from mirante.api.metrics.v1.alert_service_pb2_grpc import add_AlertServiceServicer_to_server
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import add_LiveMetricsServiceServicer_to_server

from services.metrics.alerts.alert_desk import AlertDesk
from services.metrics.alerts.alert_servicer import AlertParts, AlertServicer
from services.metrics.alerts.alerting import Alerting
from services.metrics.alerts.default_rules import default_rules
from services.metrics.alerts.delivery.outbox import PostgresOutbox
from services.metrics.alerts.delivery.sender import Sender
from services.metrics.alerts.delivery.worker import DeliveryWorker
from services.metrics.alerts.hour_judging import Place
from services.metrics.alerts.postgres_environments import PostgresEnvironments
from services.metrics.alerts.postgres_rules import PostgresRules
from services.metrics.alerts.replaying import Replays
from services.metrics.alerts.rule_desk import RuleDesk
from services.metrics.alerts.runner import AlertRunner
from services.metrics.alerts.silences import PostgresSilences
from services.metrics.alerts.watching import AlertHub
from services.metrics.alerts.webhooks import Webhooks
from services.metrics.analytics.opening import Analytics, Log
from services.metrics.answers.live_metrics_servicer import LiveMetricsServicer
from services.metrics.definitions import Metrics
from services.metrics.diagnosing import figures
from services.metrics.environments import Environments
from services.metrics.experiments.opening import Experiments
from services.metrics.following.follower import Follower
from services.metrics.following.grpc_log import GrpcEventLog
from services.metrics.following.leadership import Leadership
from services.metrics.following.places import Places
from services.metrics.guards.alarms import PostgresAlarms
from services.metrics.guards.measuring import measure_guards
from services.metrics.guards.rollout_plans import GrpcRolloutPlans
from services.metrics.guards.watcher import GuardWatcher
from services.metrics.guards.watchers import GuardWatchers
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.metrics.measuring import measure
from services.metrics.opening import channel_to_telemetry, environments_of, metrics_of, open_database, time_zone_of
from services.metrics.programme.opening import Programme
from services.metrics.programme.outside import GrpcOutside
from services.metrics.roles import ROLES, SERVICES
from services.metrics.rollups import RollupReader
from services.metrics.rollups.postgres import PostgresRollups
from services.metrics.settings import MetricsSettings
from services.runtime.background import in_background
from services.runtime.calls.authentication import Entrance
from services.runtime.calls.in_flight import InFlight
from services.runtime.calls.observed import CallObserver
from services.runtime.calls.policy import CallPolicy
from services.runtime.calls.quota import Quotas
from services.runtime.calls.streams import OpenStreams
from services.runtime.diagnostics import servicer as diagnostics
from services.runtime.keys.following import channel_to_flags, follow_keys, own_key
from services.runtime.keys.keyring import KeyRing, revoked_error
from services.runtime.keys.postgres_memory import PostgresKeyMemory
from services.runtime.keys.registry import KeyRegistry
from services.runtime.opened import Listening, open_service
from services.runtime.postgres.pool import PostgresPool
from services.runtime.postgres.waiting import until_available
from services.runtime.process import run_service
from services.runtime.server import GrpcServer

_log = logging.getLogger(__name__)

_KEYS_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class MetricsService:
    """A running metrics service: where it listens. `prometheus_port` is None without a Prometheus endpoint."""

    port: int
    prometheus_port: int | None


@asynccontextmanager
async def running(settings: MetricsSettings) -> AsyncIterator[MetricsService]:
    """
    Run the metrics service: the block begins when calls are answered, and its end drains the service.

    Until the log was read up to the present, frames say that they are catching up.

    Raises:
        SettingsError: a setting cannot be what it is.
        EmbeddedServerError: a datastore cannot be run here.
        MigrationError: the database and this version do not fit together.
    """
    async with AsyncExitStack() as stack:
        metrics, zone = await metrics_of(settings), time_zone_of(settings)
        listening = Listening(settings.host, settings.port, "MIRANTE_METRICS_PORT", settings.reuseport)
        opened = await stack.enter_async_context(open_service(settings, "mirante-metrics", listening, SERVICES))
        pool = await open_database(stack, opened.database_url, migrates=settings.migrate)
        flags = await stack.enter_async_context(channel_to_flags(settings))
        telemetry = await stack.enter_async_context(channel_to_telemetry(settings))
        secret = own_key(settings)
        streams = OpenStreams(settings.streams_per_key)
        registry = KeyRegistry(flags, secret, PostgresKeyMemory(pool, "metric_known_keys"))
        keys = KeyRing(registry, lambda key_id: streams.close_those_of(key_id, revoked_error))
        policy = CallPolicy(
            observer=CallObserver(opened.telemetry),
            in_flight=InFlight(settings.max_in_flight),
            entrance=Entrance(keys, {**ROLES, **diagnostics.ROLES}),
            quotas=Quotas(settings.quota),
            streams=streams,
        )
        leadership = Leadership(opened.database_url)
        rollups = PostgresRollups(pool)
        parts, worker = _alerts(settings, pool, metrics, rollups)

        def alerting(follower: Follower) -> Alerting:
            place = Place(follower.environment, metrics, zone)
            hub = AlertHub(follower.environment, parts.desk)

            def changed() -> None:
                hub.changed()
                worker.wake()

            runner = AlertRunner(
                place,
                lambda: follower.view,
                lambda: leadership.lead,
                environments=parts.environments,
                pool=pool,
                rollups=rollups,
                clock=time.time,
                on_change=changed,
                look_seconds=settings.alert_seconds,
            )
            return Alerting(place, hub, runner)

        known, log = partial(environments_of, keys, secret), GrpcEventLog(telemetry, secret)
        environments = Environments(
            known,
            Plan(metrics),
            log,
            rollups,
            leadership,
            alerting=alerting,
            redis=opened.redis,
            origin=random.getrandbits(64),
            clock=time.time,
            flush_seconds=settings.rollup_seconds,
            limits=Limits(actors=settings.actors_per_tenant),
        )
        alarms, plans = (
            PostgresAlarms(pool, parts.environments, on_change=worker.wake, clock=time.time),
            GrpcRolloutPlans(flags, secret),
        )

        def leads() -> bool:
            return leadership.lead is not None

        def guard_watcher(environment: str) -> GuardWatcher:
            def places() -> Places | None:
                kept = environments.kept.get(environment)
                return None if kept is None else kept.follower.places

            return GuardWatcher(environment, log, rollups, plans, alarms, places=places, leads=leads, clock=time.time)

        guards = GuardWatchers(known, guard_watcher)
        analytics = Analytics(settings, pool, Log(telemetry, secret, known, log, leads))
        servicer = LiveMetricsServicer(metrics, environments.answering, time.time)
        alerts = AlertServicer(parts, environments.alerting, on_delivery=worker.wake, clock=time.time)
        add_LiveMetricsServiceServicer_to_server(servicer, opened.services.adding(policy))
        add_AlertServiceServicer_to_server(alerts, opened.services.adding(policy))
        analytics.serve(lambda: opened.services.adding(policy))
        Experiments(settings, pool, flags, telemetry, secret).serve(lambda: opened.services.adding(policy))
        Programme(settings, pool, GrpcOutside(flags, telemetry, secret), environments, zone).serve(
            lambda: opened.services.adding(policy)
        )
        add_DiagnosticsServiceServicer_to_server(
            diagnostics.DiagnosticsServicer(
                "metrics",
                opened.database_url,
                opened.redis,
                folders={},
                figures=partial(figures, environments, leadership, worker, time.time),
                demo=False,
            ),
            opened.services.adding(policy),
        )
        measure(
            opened.telemetry.measurements,
            policy=policy,
            environments=environments,
            leadership=leadership,
            deliveries=worker,
            clock=time.time,
        )
        analytics.measure(opened.telemetry.measurements)
        measure_guards(opened.telemetry.measurements, guards)
        await until_available(keys.refresh)
        opened.services.open()
        await stack.enter_async_context(
            in_background(
                leadership.run,
                environments.run,
                worker.run,
                guards.run,
                partial(follow_keys, keys, _KEYS_SECONDS),
                *analytics.work,
            )
        )
        await opened.server.serve()
        stack.push_async_callback(_drain, opened.server, (servicer, alerts), settings)
        _log.info("ready", extra={"port": opened.server.port})
        yield MetricsService(opened.server.port, opened.telemetry.prometheus_port)


def _alerts(
    settings: MetricsSettings, pool: PostgresPool, metrics: Metrics, rollups: RollupReader
) -> tuple[AlertParts, DeliveryWorker]:
    outbox = PostgresOutbox(pool)
    sender = Sender(time.time, private_allowed=settings.private_addresses)
    parts = AlertParts(
        pool=pool,
        environments=PostgresEnvironments(pool, default_rules(metrics)),
        rules=PostgresRules(pool),
        rule_desk=RuleDesk(pool, metrics, time.time),
        desk=AlertDesk(pool, time.time),
        silences=PostgresSilences(pool),
        outbox=outbox,
        webhooks=Webhooks(pool, outbox, sender),
        replays=Replays(pool, rollups),
    )
    return parts, DeliveryWorker(outbox, sender, time.time)


async def _drain(
    server: GrpcServer, servicers: Sequence[LiveMetricsServicer | AlertServicer], settings: MetricsSettings
) -> None:
    async def end_streams() -> None:
        for servicer in servicers:
            await servicer.end_streams()

    _log.info("draining")
    await server.drain(end_streams, settings.drain_seconds)


def main() -> None:
    """Run the metrics service as a process."""
    run_service(MetricsSettings, running)
