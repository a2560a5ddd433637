"""Alerts through the service: events in, a webhook told, people who take care of it, and what is refused."""

import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import alert_pb2 as model
from mirante.api.metrics.v1 import alert_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2

from tests.support.metrics_serving import MetricsServing, metrics_beside, metrics_serving
from tests.support.serving import PATIENCE_SECONDS, Datastores, Metadata, bearer, eventually, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import telemetry_serving
from tests.support.webhook_receiver import Receiver, webhook_receiver

HOUR = 3600
_KNOWN_EARLIER = """
    UPDATE alert_environments SET judged_hour = date_trunc('hour', now() - interval '2 minutes') - interval '2 hours'
    WHERE environment = 'production' RETURNING 1
"""
PAST_HOURS = 6 * 24


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Yield somebody who is told."""
    async with webhook_receiver() as running:
        yield running


def person(login: str, role: str) -> Metadata:
    """Return the metadata with which the gateway calls for a person."""
    return (*bearer("secret of internal"), ("x-mirante-actor", login), ("x-mirante-actor-role", role))


def at(seconds: float) -> Timestamp:
    """Return a time."""
    timestamp = Timestamp()
    timestamp.FromSeconds(int(seconds))
    return timestamp


def past(now: float) -> list[event_pb2.Event]:
    """Return ten sales an hour for days, and none in the last five hours that are complete."""
    this_hour = int(now) // HOUR * HOUR
    return [
        sale(made_ms=(this_hour - hours * HOUR + each * 300) * 1000, venda_id=f"{hours}-{each}")
        for hours in range(PAST_HOURS, 5, -1)
        for each in range(10 + hours % 3)
    ]


async def imported(telemetry: Any, events: list[event_pb2.Event]) -> None:
    """Bring events of the past in."""
    for start in range(0, len(events), 1_000):
        await telemetry.send(
            *events[start : start + 1_000], imported=True, import_key="past", position=str(start + 1_000)
        )


async def known_for_hours(database_url: str) -> None:
    """Return when the environment is known, and say that it was known for long: then its last hours are judged."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await connection.fetchval(_KNOWN_EARLIER) is None:
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def open_alerts(serving: MetricsServing, **wanted: Any) -> list[model.Alert]:
    """Return the alerts that are not resolved."""
    states = [model.ALERT_STATE_OPEN, model.ALERT_STATE_ACKNOWLEDGED]
    request = pb2.ListAlertsRequest(states=states, **wanted)
    return list((await serving.alerts.ListAlerts(request, metadata=serving.key("reader"))).alerts)


async def test_from_events_to_a_webhook(stores: Datastores, receiver: Receiver) -> None:
    """Sales stop: one alert of each rule, told; a person takes care of it, and the record says who."""
    async with telemetry_serving(stores) as telemetry:
        async with metrics_beside(telemetry, private_addresses=True):
            await known_for_hours(stores.database_url)
        await imported(telemetry, past(time.time()))
        async with metrics_beside(telemetry, private_addresses=True) as serving:
            created = await serving.alerts.CreateWebhook(
                pb2.CreateWebhookRequest(url=receiver.url), metadata=serving.key("admin")
            )
            watch: Any = serving.alerts.WatchAlerts(pb2.WatchAlertsRequest(), metadata=serving.key("reader"))
            assert (await watch.read()).snapshot
            seen = await first_watched(watch)
            (alert,) = await open_alerts(serving, rule_keys=["vendas"])
            assert (seen.id, alert.tenant, alert.observed, alert.kind) == (alert.id, "acme", "0", model.ALERT_KIND_GAP)
            for message in await receiver.until(2):
                assert (message.data["type"], message.is_signed_with(created.secret)) == ("alert.opened", True)
            assert {message.data["data"]["alert"]["rule_key"] for message in receiver.messages} == {"vendas", "receita"}
            request = pb2.AcknowledgeAlertRequest(alert_id=alert.id, note="estou vendo")
            taken = await serving.alerts.AcknowledgeAlert(request, metadata=person("maria", "editor"))
            assert (taken.alert.state, taken.alert.acknowledged_by) == (model.ALERT_STATE_ACKNOWLEDGED, "maria")
            changes = await serving.alerts.ListAlertChanges(
                pb2.ListAlertChangesRequest(subject=alert.id), metadata=serving.key("reader")
            )
            assert [(each.actor, each.action, each.comment) for each in changes.changes] == [
                ("maria", "alert.acknowledge", "estou vendo")
            ]
            while (seen := await first_watched(watch)).state != model.ALERT_STATE_ACKNOWLEDGED:
                assert seen.state == model.ALERT_STATE_OPEN
            watch.cancel()
            replay = pb2.ReplayAlertsRequest(rule_key="vendas", start_time=at(time.time() - 48 * HOUR))
            replayed = await serving.alerts.ReplayAlerts(replay, metadata=serving.key("reader"))
            (found,) = replayed.alerts
            assert (found.tenant, found.observed, found.state) == ("acme", "0", model.ALERT_STATE_OPEN)
            assert (replayed.tenants, replayed.judged_hours) == (1, 48)
        # The next process opens nothing again.
        async with metrics_beside(telemetry, private_addresses=True) as serving:
            (same,) = await open_alerts(serving, rule_keys=["vendas"])
            assert same.id == alert.id


async def first_watched(watch: Any) -> model.Alert:
    """Return the next alert of the rule of sales in a stream."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        response = await watch.read()
        for alert in response.alerts:
            if alert.rule_key == "vendas":
                return alert  # type: ignore[no-any-return]  # of an untyped stream
    raise AssertionError("no alert came")


def threshold(key: str = "muitas-vendas", value: str = "2") -> model.AlertRule:
    """Return a rule: more sales than that."""
    return model.AlertRule(
        key=key,
        metric="vendas_hora",
        threshold=model.ThresholdCondition(comparison=model.THRESHOLD_COMPARISON_ABOVE, value=value),
    )


async def test_a_threshold_on_the_live_number(stores: Datastores) -> None:
    """It is seen while the minute runs, of its tenant alone; what was deleted is resolved."""
    async with metrics_serving(stores) as serving:
        editor = person("maria", "editor")
        request = pb2.CreateAlertRuleRequest(rule=threshold(), comment="promoção")
        record = (await serving.alerts.CreateAlertRule(request, metadata=editor)).record
        assert (record.version, record.updated_by) == (1, "maria")
        await serving.telemetry.send(sale(venda_id="a"), sale(venda_id="b"), sale("globex", venda_id="a"))
        await serving.telemetry.send(sale(venda_id="c"))

        async def opened() -> bool:
            return bool(await open_alerts(serving))

        await eventually(opened)
        (alert,) = await open_alerts(serving)
        assert (alert.tenant, alert.kind, alert.observed, alert.upper_bound) == (
            "acme",
            model.ALERT_KIND_THRESHOLD,
            "3",
            "2",
        )
        deletion = pb2.DeleteAlertRuleRequest(rule_key="muitas-vendas", etag=record.etag)
        await serving.alerts.DeleteAlertRule(deletion, metadata=editor)
        assert await open_alerts(serving) == []
        history = await serving.alerts.GetAlertRuleHistory(
            pb2.GetAlertRuleHistoryRequest(rule_key="muitas-vendas"), metadata=serving.key("reader")
        )
        assert [(each.version, each.deleted, each.actor, each.comment) for each in history.versions] == [
            (2, True, "maria", ""),
            (1, False, "maria", "promoção"),
        ]


async def test_an_environment_begins_with_rules(stores: Datastores) -> None:
    """They are versioned like others; a stale etag changes nothing."""
    async with metrics_serving(stores) as serving:
        reader, editor = serving.key("reader"), person("maria", "editor")
        listed = await serving.alerts.ListAlertRules(pb2.ListAlertRulesRequest(page_size=2), metadata=reader)
        assert [each.rule.key for each in listed.records] == ["erros", "receita"]
        more = pb2.ListAlertRulesRequest(page_token=listed.next_page_token)
        rest = await serving.alerts.ListAlertRules(more, metadata=reader)
        assert ([each.rule.key for each in rest.records], rest.next_page_token) == (["vendas"], "")
        rule, etag = rest.records[0].rule, rest.records[0].etag
        rule.anomaly.persistence = 2
        update = pb2.UpdateAlertRuleRequest(rule=rule, etag=etag)
        assert (await serving.alerts.UpdateAlertRule(update, metadata=editor)).record.version == 2
        stale = await refused(serving.alerts.UpdateAlertRule(update, metadata=editor))
        assert (stale.code, stale.reason, stale.metadata) == ("ABORTED", "ETAG_MISMATCH", {"etag": "2"})
        taken = pb2.CreateAlertRuleRequest(rule=rule)
        assert (await refused(serving.alerts.CreateAlertRule(taken, metadata=editor))).reason == "ALREADY_EXISTS"


async def test_who_may_do_what(stores: Datastores) -> None:
    """A viewer reads, an editor changes, webhooks are for admins; what a backend or browser holds opens nothing."""
    async with metrics_serving(stores) as serving:
        alerts = serving.alerts
        hook = pb2.CreateWebhookRequest(url="https://hooks.example/x")
        rules = pb2.ListAlertRulesRequest()
        for metadata in (serving.key("server"), serving.key("browser")):
            assert (await refused(alerts.ListAlertRules(rules, metadata=metadata))).reason == "ROLE_DENIED"
        viewer, editor = person("rui", "viewer"), person("maria", "editor")
        assert await alerts.ListAlertRules(rules, metadata=viewer)
        created = pb2.CreateAlertRuleRequest(rule=threshold())
        assert (await refused(alerts.CreateAlertRule(created, metadata=viewer))).reason == "ROLE_DENIED"
        assert await alerts.CreateAlertRule(created, metadata=editor)
        assert (await refused(alerts.CreateWebhook(hook, metadata=editor))).reason == "ROLE_DENIED"
        assert (await refused(alerts.ListDeliveries(pb2.ListDeliveriesRequest(), metadata=editor))).code == (
            "PERMISSION_DENIED"
        )
        made = await alerts.CreateWebhook(hook, metadata=person("ana", "admin"))
        assert (made.webhook.created_by, made.secret[:6]) == ("ana", "whsec_")
        listed = await alerts.ListWebhooks(pb2.ListWebhooksRequest(), metadata=serving.key("admin"))
        assert made.secret not in str(listed)
        elsewhere = pb2.ListAlertRulesRequest(environment="staging")
        assert (await refused(alerts.ListAlertRules(elsewhere, metadata=viewer))).reason == "ENVIRONMENT_DENIED"


async def test_bad_input_names_the_field(stores: Datastores) -> None:
    """Nothing is half applied."""
    now = time.time()
    nothing = "00000000-0000-0000-0000-000000000000"
    async with metrics_serving(stores) as serving:
        alerts, admin = serving.alerts, serving.key("admin")
        both = pb2.ReplayAlertsRequest(rule_key="vendas", rule=threshold(), start_time=at(now - 2 * HOUR))
        silence = pb2.CreateSilenceRequest
        calls: list[tuple[Any, Any, str]] = [
            (alerts.CreateAlertRule, pb2.CreateAlertRuleRequest(rule=threshold("Vendas")), "rule.key"),
            (alerts.CreateAlertRule, pb2.CreateAlertRuleRequest(rule=threshold(value="NaN")), "rule.threshold.value"),
            (alerts.UpdateAlertRule, pb2.UpdateAlertRuleRequest(rule=threshold()), "etag"),
            (alerts.ListAlerts, pb2.ListAlertsRequest(page_size=1001), "page_size"),
            (alerts.ListAlerts, pb2.ListAlertsRequest(page_token="bm9wZQ"), "page_token"),
            (alerts.ListAlerts, pb2.ListAlertsRequest(opened_from=Timestamp(seconds=-5)), "opened_from"),
            (alerts.GetAlert, pb2.GetAlertRequest(alert_id="1"), "alert_id"),
            (alerts.AddAlertNote, pb2.AddAlertNoteRequest(alert_id=nothing), "text"),
            (alerts.CreateSilence, silence(reason="x", end_time=at(now + HOUR)), "tenant"),
            (alerts.CreateSilence, silence(tenant="acme", end_time=at(now + HOUR)), "reason"),
            (alerts.CreateSilence, silence(tenant="acme", reason="x", end_time=at(now - HOUR)), "end_time"),
            (alerts.CreateSilence, silence(metric="vendas", reason="x", end_time=at(now + HOUR)), "metric"),
            (alerts.CreateWebhook, pb2.CreateWebhookRequest(url="ftp://example.com"), "url"),
            (alerts.CreateWebhook, pb2.CreateWebhookRequest(url="https://a:b@example.com"), "url"),
            (
                alerts.CreateWebhook,
                pb2.CreateWebhookRequest(url="https://example.com", events=[model.ALERT_EVENT_TEST]),
                "events[0]",
            ),
            (alerts.ReplayAlerts, both, "rule"),
            (alerts.ReplayAlerts, pb2.ReplayAlertsRequest(rule_key="vendas"), "start_time"),
        ]
        for call, request, field in calls:
            refusal = await refused(call(request, metadata=admin))
            assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", [field]), request
        missing: list[tuple[Any, Any, str]] = [
            (alerts.GetAlert, pb2.GetAlertRequest(alert_id=nothing), "ALERT_NOT_FOUND"),
            (alerts.GetAlertRule, pb2.GetAlertRuleRequest(rule_key="x"), "ALERT_RULE_NOT_FOUND"),
            (alerts.EndSilence, pb2.EndSilenceRequest(silence_id=nothing), "SILENCE_NOT_FOUND"),
            (alerts.TestWebhook, pb2.TestWebhookRequest(webhook_id=nothing), "WEBHOOK_NOT_FOUND"),
            (alerts.RetryDelivery, pb2.RetryDeliveryRequest(delivery_id="x"), "DELIVERY_NOT_FOUND"),
        ]
        for call, request, reason in missing:
            assert (await refused(call(request, metadata=admin))).reason == reason
        rules = await alerts.ListAlertRules(pb2.ListAlertRulesRequest(), metadata=admin)
        assert [each.version for each in rules.records] == [1, 1, 1]


async def test_silences_through_the_service(stores: Datastores) -> None:
    """They are listed until they end, and afterwards when that is asked for."""
    async with metrics_serving(stores) as serving:
        alerts, editor = serving.alerts, person("maria", "editor")
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        request = pb2.CreateSilenceRequest(tenant="acme", reason="migração", end_time=at(until.timestamp()))
        silence = (await alerts.CreateSilence(request, metadata=editor)).silence
        assert (silence.created_by, silence.tenant) == ("maria", "acme")
        listing = pb2.ListSilencesRequest()
        assert [each.id for each in (await alerts.ListSilences(listing, metadata=editor)).silences] == [silence.id]
        ended = (await alerts.EndSilence(pb2.EndSilenceRequest(silence_id=silence.id), metadata=editor)).silence
        again = (await alerts.EndSilence(pb2.EndSilenceRequest(silence_id=silence.id), metadata=editor)).silence
        assert (ended, ended.ended_by) == (again, "maria")
        assert not (await alerts.ListSilences(listing, metadata=editor)).silences
        listing.with_ended = True
        assert len((await alerts.ListSilences(listing, metadata=editor)).silences) == 1
