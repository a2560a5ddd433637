"""Alerts on a real database, with a clock, a past and a live state that tests make up."""

import datetime
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.alert_desk import AlertDesk, AlertFilter
from services.metrics.alerts.default_rules import default_rules
from services.metrics.alerts.delivery.outbox import Filter, PostgresOutbox
from services.metrics.alerts.delivery.sender import Sender
from services.metrics.alerts.hour_judging import Place
from services.metrics.alerts.postgres_environments import PostgresEnvironments
from services.metrics.alerts.postgres_rules import PostgresRules
from services.metrics.alerts.rule_desk import RuleDesk
from services.metrics.alerts.runner import AlertRunner, Lead
from services.metrics.alerts.silences import PostgresSilences
from services.metrics.alerts.webhooks import Webhooks
from services.metrics.definitions.reading import default_metrics
from services.metrics.following.follower import View
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.numbers import Number
from services.metrics.live.plan import Plan
from services.metrics.rollups import HourKey, HourRow, Writing
from services.metrics.rollups.postgres import LeaderRollups, PostgresRollups
from services.metrics.rollups.rows import EMPTY_HOUR, row_of
from services.runtime.migrations import migrate
from services.runtime.postgres.leadership import leading
from services.runtime.postgres.pool import PostgresPool, open_pool

METRICS = default_metrics()
PRODUCTION = "production"
HOUR = datetime.timedelta(hours=1)
MONDAY_NOON = datetime.datetime(2026, 3, 2, 15, tzinfo=datetime.UTC)
"""12 h in São Paulo."""


class AlertWorld:
    """
    One environment, judged by one process at a time.

    `now` is the time, `lead` what the leader has.
    """

    def __init__(self, pool: PostgresPool, url: str) -> None:
        self.pool = pool
        self.url = url
        self.now = MONDAY_NOON
        self.lead: LeaderRollups | None = None
        self.place = Place(PRODUCTION, METRICS, ZoneInfo("America/Sao_Paulo"))
        self.environments = PostgresEnvironments(pool, default_rules(METRICS))
        self.desk = AlertDesk(pool, self.clock)
        self.rules = RuleDesk(pool, METRICS, self.clock)
        self.silences = PostgresSilences(pool)
        self.outbox = PostgresOutbox(pool)
        self.webhooks = Webhooks(pool, self.outbox, Sender(self.clock, private_allowed=True), self.clock)
        self.view = View(LiveMetrics(Plan(METRICS), self.clock()))
        self.runner = self.new_runner()

    def clock(self) -> float:
        """Seconds since 1970."""
        return self.now.timestamp()

    def new_runner(self) -> AlertRunner:
        """Return a process that has just started."""
        return AlertRunner(
            self.place,
            lambda: self.view,
            self._present_lead,
            environments=self.environments,
            pool=self.pool,
            rollups=PostgresRollups(self.pool),
            clock=self.clock,
            on_change=lambda: None,
        )

    def _present_lead(self) -> Lead | None:
        return self.lead

    async def write(self, counts: Mapping[str, Sequence[int]], *, metric: str = "vendas_hora") -> None:
        """Write hours of a metric by tenant, the last of which is the last one that is complete."""
        last = int(self.clock()) // 3600 - 1
        rows: dict[HourKey, HourRow] = {}
        for tenant, hours in counts.items():
            for at, count in enumerate(reversed(hours)):
                minutes = [Number(Decimal(count)), *EMPTY_HOUR[1:]]
                rows[HourKey(tenant, metric, "", last - at)] = row_of(METRICS[metric], minutes)
        assert self.lead is not None
        await self.lead.write(PRODUCTION, self._writing(rows))

    async def erase(self, tenant: str) -> None:
        """Let the log say that a tenant was erased."""
        assert self.lead is not None
        await self.lead.write(PRODUCTION, Writing(b"1", (b"a" * 16,), self.now, erased=(tenant,)))

    async def _write_nothing(self) -> None:
        assert self.lead is not None
        await self.lead.write(PRODUCTION, self._writing({}))

    def _writing(self, rows: Mapping[HourKey, HourRow]) -> Writing:
        return Writing(b"1", (b"a" * 16,), self.now, rows)

    async def look(self, runner: AlertRunner | None = None) -> None:
        """Judge what there is to judge, as a process does once it has seen what is written."""
        chosen = runner or self.runner
        self.view.log_read_at, self.view.at_end = self.now, True
        await chosen.look()
        self.now += datetime.timedelta(seconds=1)
        await self._write_nothing()
        await chosen.look()

    async def next_hour(self, **counts: int) -> None:
        """Let an hour pass in which this fell into tenants, and judge it."""
        self.now = self.now.replace(minute=3, second=0) + HOUR
        await self.write({tenant: [count] for tenant, count in counts.items()})
        await self.look()

    async def alerts(self, **wanted: Any) -> Sequence[pb2.Alert]:
        """Return alerts, newest first."""
        return (await self.desk.page(PRODUCTION, AlertFilter(**wanted), None, 1_000))[0]

    async def deliveries(self) -> list[str]:
        """Return the events of what was sent or is to be sent, oldest first."""
        found, _ = await self.outbox.page(PRODUCTION, Filter(), None, 1_000)
        return [pb2.AlertEvent.Name(each.event).removeprefix("ALERT_EVENT_") for each in reversed(found)]

    async def environments_rules(self) -> Mapping[str, pb2.AlertRuleRecord]:
        """Return the rules by key."""
        records, _ = await PostgresRules(self.pool).page(PRODUCTION, "", 100)
        return {record.rule.key: record for record in records}

    async def detectors(self) -> list[Any]:
        """Return what detectors remember."""
        connection = await asyncpg.connect(self.url)
        try:
            rows: list[Any] = await connection.fetch(
                "SELECT rule_key, tenant, last_hour, state, episode FROM alert_detectors ORDER BY rule_key, tenant"
            )
        finally:
            await connection.close()
        return [tuple(row) for row in rows]


@asynccontextmanager
async def alert_world(url: str) -> AsyncIterator[AlertWorld]:
    """Open a world whose process leads."""
    await migrate(url, "metrics", files("services.metrics") / "migrations")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(url, "metrics"))
        connection = await stack.enter_async_context(leading(url, "metrics", 1))
        assert connection is not None
        world = AlertWorld(pool, url)
        world.lead = LeaderRollups(connection)
        yield world


def usual(hours: int, count: int = 20) -> list[int]:
    """Return hours of a metric that never surprises: a little more, a little less."""
    return [count + (at * 7) % 5 - 2 for at in range(hours)]


def alert_id(alert: pb2.Alert) -> uuid.UUID:
    """Return the id of an alert."""
    return uuid.UUID(alert.id)
