"""Traits in ClickHouse, over HTTP: as they are now, without those of who was erased."""

import asyncio

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.clickhouse.intake import ClickHouseIntake
from services.metrics.analytics.clickhouse.reading import events_of
from services.metrics.analytics.clickhouse.server import ClickHouseServer, ClickHouseUnavailable
from services.metrics.analytics.clickhouse.trait_keeping import ClickHouseTraitKeeper
from services.metrics.analytics.reports.asking import Breakdown, Origin, Property, Scope
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.running import run_on_clickhouse
from services.metrics.analytics.reports.series.asking import Series
from services.metrics.following import LogRestored
from tests.support.analytics_store import NOW
from tests.support.clickhouse_http import ClickHouseHttp
from tests.support.fake_traits import ANA, BIA, FakeTraits

PLAN = Breakdown(Property("Plano", Origin.TRAIT))
SCOPE = Scope(start=moment_of(int(NOW - 86_400) * 1_000_000), end=moment_of(int(NOW + 86_400) * 1_000_000))


class World:
    """An environment in ClickHouse, with an event of each of two users."""

    def __init__(self, http: ClickHouseHttp) -> None:
        self.server = ClickHouseServer(http.url)
        self.source = FakeTraits()
        self.source.told = [(ANA, "Plano", "free"), (BIA, "Plano", "pro"), (ANA, "idade", 41)]
        self.intake = ClickHouseIntake(self.server, "production", lambda: NOW)
        self.taken = 0
        self.take(*(log_pb2.LogEntry(event=_event(actor)) for actor in (ANA, BIA)))

    def take(self, *entries: log_pb2.LogEntry) -> None:
        """Take entries of the log in."""
        self.taken += 1
        response = log_pb2.FollowEventsResponse(entries=entries, cursor=b"%d" % self.taken, at_end=True)
        response.read_at.FromSeconds(int(NOW))
        self.intake.take([response.SerializeToString()])

    def keeper(self) -> ClickHouseTraitKeeper:
        """The keeper, as a process begins with it."""
        return ClickHouseTraitKeeper("production", self.server, self.source, lambda: True)

    def by_plan(self) -> dict[str | None, int]:
        """How many events there are of each plan."""
        engine, watermark = events_of(self.server, "production", seconds=60.0, memory_bytes=2**30)
        result = run_on_clickhouse(Series(scope=SCOPE, breakdown=PLAN), engine, watermark).result
        return {group.group.value: group.total for group in result.groups}

    def held(self) -> set[tuple[str, str | None]]:
        """Names and values of traits in whatever tables there are."""
        tables = self.server.rows("SELECT name FROM system.tables WHERE name LIKE 'mirante_traits_%'")
        rows = [row for (table,) in tables for row in self.server.rows(f"SELECT name, value FROM {table}")]  # noqa: S608 - as it is named
        return {(name, value) for name, value in rows}


def _event(actor: bytes) -> event_pb2.StoredEvent:
    stored = event_pb2.StoredEvent(event=event_pb2.Event(name="venda_criada", tenant="acme"), actor_id=actor)
    stored.occurred_at.FromSeconds(int(NOW))
    stored.received_at.FromSeconds(int(NOW))
    return stored


async def test_traits_are_those_of_now(http: ClickHouseHttp) -> None:
    """Changes are taken in once, also after a crash between them and their cursor; none means that nobody has any."""
    world = await asyncio.to_thread(World, http)
    assert await asyncio.to_thread(world.by_plan) == {None: 2}
    await world.keeper().step()
    assert await asyncio.to_thread(world.by_plan) == {"free": 1, "pro": 1}
    world.source.told += [(ANA, "Plano", "pro"), (ANA, "idade", None)]
    # The answer to any request is lost: the changes get there then, the cursor does not or is not heard of.
    failures = 0
    for after in range(12):
        http.loses_after = after
        try:
            await world.keeper().step()
        except ClickHouseUnavailable:
            failures += 1
    http.loses_after = None
    assert failures > 4
    keeper = world.keeper()
    await keeper.step()
    assert await asyncio.to_thread(world.by_plan) == {"pro": 2}
    await keeper.step()
    assert world.source.asked[-1] == b"5"


async def test_who_was_erased_is_gone(http: ClickHouseHttp) -> None:
    """At once for reports, then from the tables; and after a restore everything is told anew."""
    world = await asyncio.to_thread(World, http)
    keeper = world.keeper()
    await keeper.step()
    gone = log_pb2.LogEntry(erasure=log_pb2.ActorErasure(tenant="acme", actor_ids=[ANA]))
    await asyncio.to_thread(world.take, gone)
    assert await asyncio.to_thread(world.by_plan) == {"pro": 1}
    await keeper.step()
    await keeper.step()
    assert await asyncio.to_thread(world.held) == {("Plano", "pro")}
    world.source.failure = LogRestored()
    await keeper.step()
    world.source.failure, world.source.told = None, [(BIA, "Plano", "free")]
    await keeper.step()
    assert await asyncio.to_thread(world.by_plan) == {"free": 1}
