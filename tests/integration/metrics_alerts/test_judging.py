"""Hours are judged once, episodes have one alert, and who is told is decided with it."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.postgres_environments import GRACE, SETTLING
from services.metrics.rollups.postgres import LeaderRollups
from services.runtime.errors import Unavailable
from services.runtime.postgres.leadership import leading
from tests.support.alert_world import HOUR, PRODUCTION, AlertWorld, alert_id, alert_world, usual

DAYS = 21 * 24


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AlertWorld]:
    """Yield a world in which acme and globex have sold for three weeks, and a webhook is told."""
    async with alert_world(database_url) as opened:
        # Long enough ago for the last hour that is over to be the first one judged.
        await opened.environments.begin(PRODUCTION, opened.now - 2 * HOUR - SETTLING - GRACE)
        await opened.webhooks.create(PRODUCTION, "http://127.0.0.1:9/", "", [1, 2, 3], "ana")
        opened.now += datetime.timedelta(minutes=3)
        await opened.write({"acme": usual(DAYS), "globex": usual(DAYS, 30)})
        await opened.look()
        yield opened


async def test_the_past_of_a_new_environment_raises_no_alert(database_url: str) -> None:
    """Judged is what begins after it was known for some minutes, whatever is brought in meanwhile."""
    async with alert_world(database_url) as world:
        await world.environments.begin(PRODUCTION, world.now)
        await world.write({"acme": [*usual(DAYS), 400]})
        await world.look()
        assert await world.alerts() == []
        begun = world.now.replace(minute=0, second=0)
        while world.now.replace(minute=0, second=0) <= begun + HOUR:
            await world.next_hour(acme=20)
        assert await world.alerts() == []
        await world.next_hour(acme=400)
        (alert,) = await world.alerts()
        assert alert.kind == pb2.ALERT_KIND_SPIKE


async def outage(world: AlertWorld) -> pb2.Alert:
    """Let acme sell nothing for an hour; return the alert."""
    await world.next_hour(acme=0, globex=30)
    (alert,) = await world.alerts(states=[pb2.ALERT_STATE_OPEN])
    return alert


async def test_an_outage_is_one_alert_from_its_first_hour_to_the_second_usual_one(world: AlertWorld) -> None:
    """It says what was seen and what was to be expected, and both its ends are told."""
    assert await world.alerts() == []
    alert = await outage(world)
    assert (alert.tenant, alert.metric, alert.rule_key) == ("acme", "vendas_hora", "vendas")
    assert alert.kind in {pb2.ALERT_KIND_GAP, pb2.ALERT_KIND_DROP}
    assert alert.severity == pb2.ALERT_SEVERITY_CRITICAL
    assert (alert.observed, 15 < float(alert.expected) < 25, alert.probability < 0.001) == ("0", True, True)
    assert alert.start_time.ToDatetime(datetime.UTC) == world.now.replace(minute=0, second=0) - HOUR
    assert "acme" in alert.evidence
    for count in (0, 0, 20):
        await world.next_hour(acme=count, globex=30)
    (same,) = await world.alerts()
    assert (same.id, same.state) == (alert.id, pb2.ALERT_STATE_OPEN)
    assert same.last_unusual_at.seconds > alert.last_unusual_at.seconds
    await world.next_hour(acme=21, globex=30)
    (closed,) = await world.alerts()
    assert (closed.state, closed.resolved_by) == (pb2.ALERT_STATE_RESOLVED, "mirante")
    assert await world.deliveries() == ["OPENED", "RESOLVED"]


class Dying:
    """A leader that dies when its transaction is about to be committed."""

    def __init__(self, lead: LeaderRollups) -> None:
        self._lead = lead

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Do everything but the commit."""
        async with self._lead.transaction() as connection:
            yield connection
            raise Unavailable("as the test wants it")


async def test_a_crash_neither_misses_nor_repeats_an_hour(world: AlertWorld) -> None:
    """What a detector remembers, the alert and the message come all together or not at all."""
    before = await world.detectors()
    lead = world.lead
    assert lead is not None
    world.now = world.now.replace(minute=3, second=0) + HOUR
    await world.write({"acme": [0], "globex": [30]})
    dying = world.new_runner()
    dead = Dying(lead)
    dying._lead = lambda: dead
    with pytest.raises(Unavailable):
        await world.look(dying)
    assert (await world.detectors(), await world.alerts(), await world.deliveries()) == (before, [], [])
    for _ in range(2):
        fresh = world.new_runner()
        fresh._lead = lambda: lead
        await world.look(fresh)
        await world.look(fresh)
        assert len(await world.alerts()) == 1
        assert await world.deliveries() == ["OPENED"]
    after = await world.detectors()
    assert {row[2] for row in after} == {world.now.replace(minute=0, second=0) - HOUR}


async def test_who_has_lost_the_lead_writes_nothing(world: AlertWorld, database_url: str) -> None:
    """The lock and the transaction are one connection's: a former leader cannot judge beside the present one."""
    former, lead = world.runner, world.lead
    assert lead is not None
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mirante-metrics-leader'"
        " AND datname = current_database()"
    )
    await connection.close()
    async with leading(database_url, "metrics", 1) as another:
        assert another is not None
        world.lead = LeaderRollups(another)
        world.now = world.now.replace(minute=3, second=0) + HOUR
        await world.write({"acme": [0], "globex": [30]})
        former._lead = lambda: lead
        with pytest.raises(Unavailable):
            await world.look(former)
        assert await world.alerts() == []
        await world.look(world.new_runner())
        assert len(await world.alerts()) == 1


async def test_late_events_do_not_alert_again(world: AlertWorld) -> None:
    """An hour that was judged is not judged anew when more of it comes in, or is taken back."""
    await world.next_hour(acme=20, globex=30)
    await world.write({"acme": [0]})
    await world.look()
    await world.look(world.new_runner())
    assert await world.alerts() == []


async def test_what_is_found_late_is_told_only_when_it_lasts(world: AlertWorld) -> None:
    """After thirty hours away: an episode that is over is recorded, one that goes on is told once."""
    start = world.now
    world.now += 30 * HOUR
    past = [20, 0, 0, 0, 0, *usual(25)]
    await world.write({"acme": past, "globex": [30] * 26 + [0] * 4})
    await world.look()
    found = {alert.tenant: alert for alert in await world.alerts()}
    assert found.keys() == {"acme", "globex"}
    assert all(alert.found_late for alert in found.values())
    assert found["acme"].state == pb2.ALERT_STATE_RESOLVED
    assert found["acme"].start_time.ToDatetime(datetime.UTC) < start + 4 * HOUR
    assert found["globex"].state == pb2.ALERT_STATE_OPEN
    assert await world.deliveries() == ["OPENED"]
    await world.next_hour(acme=20, globex=0)
    assert await world.deliveries() == ["OPENED"]


async def test_a_silence_records_and_tells_nobody_until_it_ends(world: AlertWorld) -> None:
    """An alert that is still unusual then is told once; one of another tenant was told at once."""
    wish = pb2.Silence(tenant="acme", metric="vendas_hora", reason="maintenance")
    wish.start_time.FromDatetime(world.now)
    wish.end_time.FromDatetime(world.now + 24 * HOUR)
    silence = await world.silences.create(PRODUCTION, wish, "ana", world.now)
    await world.next_hour(acme=0, globex=0)
    alerts = {alert.tenant: alert for alert in await world.alerts()}
    assert (alerts["acme"].silence_id, alerts["globex"].silence_id) == (silence.id, "")
    assert await world.deliveries() == ["OPENED"]
    await world.next_hour(acme=0, globex=30)
    assert await world.deliveries() == ["OPENED"]
    ended = await world.silences.end(PRODUCTION, alert_id(silence), "bia", world.now)  # type: ignore[arg-type]  # an id too
    assert (ended.ended_by, ended.reason) == ("bia", "maintenance")
    await world.next_hour(acme=0, globex=30)
    assert sorted(await world.deliveries()) == ["OPENED", "OPENED", "RESOLVED"]


async def test_no_second_alert_of_an_episode_that_a_person_has_closed(world: AlertWorld) -> None:
    """The next episode has one again."""
    alert = await outage(world)
    await world.desk.resolve(PRODUCTION, alert_id(alert), "known", "ana")
    for count in (0, 0, 20, 20):
        await world.next_hour(acme=count, globex=30)
    assert [each.id for each in await world.alerts()] == [alert.id]
    await world.next_hour(acme=0, globex=30)
    assert len(await world.alerts()) == 2


async def test_rules_decide_what_is_judged(world: AlertWorld) -> None:
    """A rule that is disabled or changed closes what it has opened, and is judged anew; others go on."""
    alert = await outage(world)
    record = (await world.environments_rules()).get("vendas")
    assert record is not None
    rule = pb2.AlertRule()
    rule.CopyFrom(record.rule)
    rule.disabled = True
    changed = await world.rules.update(PRODUCTION, rule, etag=record.etag, comment="too loud", actor="ana")
    assert (changed.version, changed.open_alerts) == (2, 0)
    (closed,) = await world.alerts()
    assert (closed.id, closed.state) == (alert.id, pb2.ALERT_STATE_RESOLVED)
    await world.next_hour(acme=0, globex=0)
    assert len(await world.alerts()) == 1
    rule.disabled = False
    rule.tenants[:] = ["globex"]
    await world.rules.update(PRODUCTION, rule, etag=changed.etag, comment="", actor="ana")
    await world.next_hour(acme=0, globex=0)
    assert [each.tenant for each in await world.alerts(states=[pb2.ALERT_STATE_OPEN])] == ["globex"]


async def test_an_erased_tenant_is_forgotten(world: AlertWorld) -> None:
    """Its alerts, what waits to be told of them, and what was learned; others keep theirs."""
    await world.next_hour(acme=0, globex=0)
    assert len(await world.deliveries()) == 2
    await world.erase("acme")
    assert [alert.tenant for alert in await world.alerts()] == ["globex"]
    assert await world.deliveries() == ["OPENED"]
    await world.look()
    assert {row[1] for row in await world.detectors()} == {"globex"}


async def test_people_and_the_judgement_at_once(world: AlertWorld) -> None:
    """Whoever comes first, the other one sees what was done: one revision follows the other."""
    alert = await outage(world)
    await asyncio.gather(
        world.desk.acknowledge(PRODUCTION, alert_id(alert), "looking", "ana"),
        world.next_hour(acme=0, globex=30),
        world.desk.add_note(PRODUCTION, alert_id(alert), "seen", "bia"),
    )
    (after,) = await world.alerts()
    assert (after.state, after.acknowledged_by) == (pb2.ALERT_STATE_ACKNOWLEDGED, "ana")
    assert {(note.by, note.text) for note in after.notes} == {("ana", "looking"), ("bia", "seen")}
    assert after.revision == alert.revision + 3
