"""The health of the programme: what is known while other services are away, and what they are asked."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as rollouts_pb2
from mirante.api.metrics.v1 import alert_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2
from mirante.api.metrics.v1.programme_service_pb2_grpc import ProgrammeServiceStub
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from services.metrics.alerts.alert_desk import AlertDesk
from services.metrics.alerts.alert_rows import insert_alert
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.programme.health import Health
from services.metrics.programme.lifecycles import Lifecycles
from services.metrics.programme.outside import GrpcOutside
from tests.support.experiment_world import PRODUCTION, experiment_world
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.scripted_service import scripted_service
from tests.support.serving import Datastores, eventually, refused

NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
MONTH = datetime.timedelta(days=30)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
async def serving(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[MetricsServing]:
    """Yield a metrics service without an analytics store, beside a flag service that knows keys alone."""
    async with metrics_serving(Datastores(database_url, redis_url, tmp_path)) as running:
        yield running


async def test_what_is_known_while_flags_are_away(serving: MetricsServing) -> None:
    """The rest; what is not known is named with its reason. Nonsense and keys of browsers are refused."""
    stub: Any = ProgrammeServiceStub(serving.channel)
    reader, found = serving.key("reader"), pb2.ProgrammeHealth()

    async def live_is_known() -> bool:
        answer = await stub.GetProgrammeHealth(pb2.GetProgrammeHealthRequest(days=40), metadata=reader)
        found.CopyFrom(answer.health)
        return found.HasField("live")

    await eventually(live_is_known)
    assert {each.figure for each in found.unknown} == {"recovery", "stages"}
    assert all(each.reason for each in found.unknown)
    assert (found.HasField("coverage"), len(found.experiments.months) in (2, 3)) == (True, True)
    cases = [
        (stub.GetProgrammeHealth(pb2.GetProgrammeHealthRequest(days=401), metadata=reader), "INVALID_REQUEST"),
        (stub.ListFlagLifecycles(pb2.ListFlagLifecyclesRequest(stale_days=401), metadata=reader), "INVALID_REQUEST"),
        (
            stub.ListFlagLifecycles(pb2.ListFlagLifecyclesRequest(flag_keys=["f"] * 1_001), metadata=reader),
            "INVALID_REQUEST",
        ),
        (stub.ListFlagLifecycles(pb2.ListFlagLifecyclesRequest(), metadata=serving.key("server")), "ROLE_DENIED"),
    ]
    for call, reason in cases:
        assert (await refused(call)).reason == reason


async def test_health_from_what_is_on_record(database_url: str, tmp_path: Path) -> None:
    """Pages of others are followed, histories as far back as they are needed; alerts are those of the database."""
    page = flags_pb2.ListFlagsResponse(records=[_flag("a", NOW - HOUR)], next_page_token="mais")
    last = flags_pb2.ListFlagsResponse(records=[_flag("b", NOW - 3 * MONTH)])
    with scripted_service() as service:
        service.answers |= {
            "ListFlags": lambda request: (
                flags_pb2.ListFlagsResponse()
                if request.state == flags_pb2.FLAG_STATE_ARCHIVED
                else last
                if request.page_token
                else page
            ),
            "GetFlagHistory": lambda _: flags_pb2.GetFlagHistoryResponse(
                entries=[_kill(NOW - HOUR), _kill(NOW - 3 * MONTH)], next_page_token="mais"
            ),
            "ListRollouts": lambda _: rollouts_pb2.ListRolloutsResponse(rollouts=[_breached()]),
            "GetRollout": lambda _: rollouts_pb2.GetRolloutResponse(rollout=_breached()),
            "GetCoverage": lambda _: catalogue_pb2.GetCoverageResponse(declared=4, seen=3, unseen=["logout"]),
        }
        async with (
            grpc.aio.insecure_channel(service.address) as channel,
            experiment_world(database_url, tmp_path) as world,
        ):
            outside = GrpcOutside(channel, channel, "segredo")
            experiments = PostgresExperiments(world.pool)
            alerts = AlertDesk(world.pool, world.clock)
            async with world.pool.transaction() as connection:
                await insert_alert(connection, _alert(NOW - 2 * HOUR), revision=1, told=True)
            lifecycles = Lifecycles(outside, experiments, None)
            health = await Health(
                outside, lifecycles, experiments, alerts=alerts, live=lambda _: None, zone=datetime.UTC
            ).health(PRODUCTION, 60, MONTH, NOW)
    assert [(each.figure, each.reason) for each in health.unknown] == [("live", "the log was not read yet")]
    by_person, by_guard = health.recovery.recoveries
    assert (by_person.flag_key, by_person.sign, by_person.by) == ("a", pb2.RECOVERY_SIGN_ALERT, "ana")
    assert (by_guard.flag_key, by_guard.sign) == ("c", pb2.RECOVERY_SIGN_FIRST_BAD_EVENT)
    assert health.recovery.slowest.seconds == 3_600
    assert (health.coverage.seen, list(health.coverage.unseen)) == (3, ["logout"])
    # The plan that was breached is still there to be seen through, but its flag is not.
    assert health.stages == pb2.StageCounts(fully_on=1, stale=1)
    # Of "b" nothing changed in these days, so its history is not asked for; that of "a" ends at what is too old.
    assert [request.flag_key for request in service.requests("GetFlagHistory")] == ["a"]


def _flag(key: str, at: datetime.datetime) -> flags_pb2.FlagRecord:
    record = flags_pb2.FlagRecord(flag=flag_pb2.Flag(key=key, on=True, off_variant="off"))
    record.flag.fallthrough.variant = "on"
    record.updated_at.FromDatetime(at)
    return record


def _kill(at: datetime.datetime) -> flags_pb2.HistoryEntry:
    entry = flags_pb2.HistoryEntry(action=flags_pb2.HISTORY_ACTION_KILL, actor="ana", comment="erros")
    entry.at.FromDatetime(at)
    return entry


def _breached() -> rollout_pb2.RolloutRecord:
    record = rollout_pb2.RolloutRecord(id="id", state=rollout_pb2.ROLLOUT_STATE_BREACHED)
    record.plan.flag_key = "c"
    record.plan.guards.add(name="erros").tripwire.limit = 0.05
    record.breach.guard = "erros"
    record.updated_at.FromDatetime(NOW - 2 * HOUR)
    event = record.events.add(action=rollout_pb2.ROLLOUT_ACTION_BREACH, actor="interno")
    event.at.FromDatetime(NOW - 2 * HOUR)
    event.evidence.guard = "erros"
    event.evidence.first_event_at.FromDatetime(NOW - 2 * HOUR - datetime.timedelta(seconds=2))
    return record


def _alert(at: datetime.datetime) -> alert_pb2.Alert:
    alert = alert_pb2.Alert(
        id="0b0e7a3c-0000-4000-8000-000000000001", environment=PRODUCTION, state=alert_pb2.ALERT_STATE_OPEN
    )
    alert.opened_at.FromDatetime(at)
    return alert
