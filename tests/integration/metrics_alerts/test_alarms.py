"""Alerts of breaches in the database."""

import time
import uuid
from importlib.resources import files

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.metrics.alerts.alert_desk import AlertDesk, AlertFilter
from services.metrics.alerts.postgres_environments import PostgresEnvironments
from services.metrics.guards.alarms import PostgresAlarms
from services.runtime.migrations import migrate
from services.runtime.postgres.pool import open_pool


async def test_a_breach_raises_one_alert_however_often_it_is_told(database_url: str) -> None:
    """Also when somebody has resolved it meanwhile; the next breach raises another."""
    await migrate(database_url, "metrics", files("services.metrics") / "migrations")
    plan = rollout_pb2.RolloutPlan(flag_key="f", variant="on")
    rollout = rollout_pb2.RolloutRecord(id=str(uuid.uuid4()), environment="production", plan=plan)
    evidence = rollout_guard_pb2.GuardEvidence(guard="errors", observed=0.4, limit=0.05, text="bad")
    evidence.end_time.GetCurrentTime()
    told: list[None] = []
    async with open_pool(database_url, "metrics") as pool:
        alarms = PostgresAlarms(
            pool, PostgresEnvironments(pool, ()), on_change=lambda: told.append(None), clock=time.time
        )
        desk = AlertDesk(pool, time.time)
        await alarms.raise_alert(rollout, 1, evidence)
        await alarms.raise_alert(rollout, 1, evidence)
        (alert,), _ = await desk.page("production", AlertFilter(), None, 10)
        await desk.resolve("production", uuid.UUID(alert.id), "fixed", "ana")
        await alarms.raise_alert(rollout, 1, evidence)
        await alarms.raise_alert(rollout, 2, evidence)
        alerts, _ = await desk.page("production", AlertFilter(), None, 10)
    assert [each.rule_key.split(".")[2] for each in alerts] == ["2", "1"]
    assert len(told) == 2
