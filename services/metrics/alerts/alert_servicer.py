"""`AlertService`: decodes, calls the use case, encodes."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2
from mirante.api.metrics.v1 import alert_service_pb2 as pb2
from mirante.api.metrics.v1 import alert_service_pb2_grpc as pb2_grpc

from services.metrics.alerts.alert_desk import AlertDesk, AlertFilter
from services.metrics.alerts.alerting import Alerting
from services.metrics.alerts.bench import Watched
from services.metrics.alerts.changes import changes_page
from services.metrics.alerts.delivery.outbox import Filter, PostgresOutbox
from services.metrics.alerts.hour_judging import Place
from services.metrics.alerts.places import place_of, uuid_place_of
from services.metrics.alerts.postgres_environments import PostgresEnvironments
from services.metrics.alerts.postgres_rules import PostgresRules, no_such_rule
from services.metrics.alerts.replaying import MOST_ALERTS, Replays
from services.metrics.alerts.request_checks import (
    check_many,
    check_tenants,
    optional_time,
    replayed_stretch,
    silence_of,
)
from services.metrics.alerts.rule_checks import check_rule, is_rule_key, uuid_of
from services.metrics.alerts.rule_desk import RuleDesk
from services.metrics.alerts.silences import PostgresSilences
from services.metrics.alerts.webhooks import Webhooks
from services.runtime.access import Caller, current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.streams import EndingStreams
from services.runtime.errors import InvalidRequest, NotFound
from services.runtime.pages import last_key, last_number, page_size
from services.runtime.postgres.pool import PostgresPool

_DEFAULT_PAGE: Final = 100
_MOST_IN_PAGE: Final = 1_000
_DEFAULT_HISTORY: Final = 50
_MOST_HISTORY: Final = 200


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What the service is made of."""

    pool: PostgresPool
    environments: PostgresEnvironments
    rules: PostgresRules
    rule_desk: RuleDesk
    desk: AlertDesk
    silences: PostgresSilences
    outbox: PostgresOutbox
    webhooks: Webhooks
    replays: Replays


class AlertServicer(pb2_grpc.AlertServiceServicer):
    """
    Alerts, their rules, silences and webhooks.

    Args:
        parts: what does it.
        alerting: returns what an environment has; None for one that is not followed.
        on_delivery: called when a message may be due.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        parts: AlertParts,
        alerting: Callable[[str], Alerting | None],
        *,
        on_delivery: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._parts = parts
        self._alerting = alerting
        self._on_delivery = on_delivery
        self._clock = clock
        self._streams = EndingStreams()

    async def CreateAlertRule(self, request: pb2.CreateAlertRuleRequest, _: object) -> pb2.CreateAlertRuleResponse:
        """Create a rule."""
        place, caller = await self._asked(request.environment)
        record = await self._parts.rule_desk.create(place.environment, request.rule, request.comment, caller.actor)
        return pb2.CreateAlertRuleResponse(record=record)

    async def GetAlertRule(self, request: pb2.GetAlertRuleRequest, _: object) -> pb2.GetAlertRuleResponse:
        """Return a rule, deleted or not."""
        place, _caller = await self._asked(request.environment)
        return pb2.GetAlertRuleResponse(record=await self._parts.rules.get(place.environment, request.rule_key))

    async def ListAlertRules(self, request: pb2.ListAlertRulesRequest, _: object) -> pb2.ListAlertRulesResponse:
        """Return a page of rules."""
        place, _caller = await self._asked(request.environment)
        after = last_key(request.page_token, is_rule_key)
        records, token = await self._parts.rules.page(place.environment, after, _size(request.page_size))
        return pb2.ListAlertRulesResponse(records=records, next_page_token=token)

    async def UpdateAlertRule(self, request: pb2.UpdateAlertRuleRequest, _: object) -> pb2.UpdateAlertRuleResponse:
        """Replace a rule."""
        place, caller = await self._asked(request.environment)
        record = await self._parts.rule_desk.update(
            place.environment, request.rule, etag=request.etag, comment=request.comment, actor=caller.actor
        )
        self._changed(place.environment)
        return pb2.UpdateAlertRuleResponse(record=record)

    async def DeleteAlertRule(self, request: pb2.DeleteAlertRuleRequest, _: object) -> pb2.DeleteAlertRuleResponse:
        """Delete a rule."""
        place, caller = await self._asked(request.environment)
        record = await self._parts.rule_desk.delete(
            place.environment, request.rule_key, etag=request.etag, comment=request.comment, actor=caller.actor
        )
        self._changed(place.environment)
        return pb2.DeleteAlertRuleResponse(record=record)

    async def GetAlertRuleHistory(
        self, request: pb2.GetAlertRuleHistoryRequest, _: object
    ) -> pb2.GetAlertRuleHistoryResponse:
        """Return versions, newest first."""
        place, _caller = await self._asked(request.environment)
        size = page_size(request.page_size, default=_DEFAULT_HISTORY, most=_MOST_HISTORY)
        before = last_number(request.page_token)
        versions, token = await self._parts.rules.history(place.environment, request.rule_key, before, size)
        return pb2.GetAlertRuleHistoryResponse(versions=versions, next_page_token=token)

    async def ListAlerts(self, request: pb2.ListAlertsRequest, _: object) -> pb2.ListAlertsResponse:
        """Return a page of alerts."""
        place, _caller = await self._asked(request.environment)
        for field in ("states", "tenants", "metrics", "rule_keys", "kinds", "severities"):
            check_many(field, getattr(request, field))
        wanted = AlertFilter(
            states=request.states,
            tenants=request.tenants,
            metrics=request.metrics,
            rule_keys=request.rule_keys,
            kinds=request.kinds,
            severities=request.severities,
            opened_from=optional_time(request, "opened_from"),
            opened_before=optional_time(request, "opened_before"),
        )
        before = uuid_place_of(request.page_token)
        alerts, token = await self._parts.desk.page(place.environment, wanted, before, _size(request.page_size))
        return pb2.ListAlertsResponse(alerts=alerts, next_page_token=token)

    async def GetAlert(self, request: pb2.GetAlertRequest, _: object) -> pb2.GetAlertResponse:
        """Return an alert."""
        place, _caller = await self._asked(request.environment)
        alert_id = uuid_of("alert_id", request.alert_id)
        return pb2.GetAlertResponse(alert=await self._parts.desk.get(place.environment, alert_id))

    async def WatchAlerts(self, request: pb2.WatchAlertsRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream alerts as they change."""
        place, _caller = await self._asked(request.environment)
        check_tenants("tenants", request.tenants)
        alerting = self._alerting(place.environment)
        if alerting is None:
            raise _not_followed(place.environment)
        hub = alerting.hub
        with self._streams.streaming(), hub.watching(request.tenants) as watcher:
            while True:
                response = await hub.next(watcher)
                response.as_of.CopyFrom(self._timestamp())
                await context.write(response.SerializeToString())

    async def AcknowledgeAlert(self, request: pb2.AcknowledgeAlertRequest, _: object) -> pb2.AcknowledgeAlertResponse:
        """Note that somebody takes care of an alert."""
        place, caller = await self._asked(request.environment)
        alert_id = uuid_of("alert_id", request.alert_id)
        alert = await self._parts.desk.acknowledge(place.environment, alert_id, request.note, caller.actor)
        self._changed(place.environment)
        return pb2.AcknowledgeAlertResponse(alert=alert)

    async def ResolveAlert(self, request: pb2.ResolveAlertRequest, _: object) -> pb2.ResolveAlertResponse:
        """Close an alert."""
        place, caller = await self._asked(request.environment)
        alert_id = uuid_of("alert_id", request.alert_id)
        alert = await self._parts.desk.resolve(place.environment, alert_id, request.note, caller.actor)
        self._changed(place.environment)
        return pb2.ResolveAlertResponse(alert=alert)

    async def AddAlertNote(self, request: pb2.AddAlertNoteRequest, _: object) -> pb2.AddAlertNoteResponse:
        """Add a note to an alert."""
        place, caller = await self._asked(request.environment)
        alert_id = uuid_of("alert_id", request.alert_id)
        alert = await self._parts.desk.add_note(place.environment, alert_id, request.text, caller.actor)
        self._changed(place.environment)
        return pb2.AddAlertNoteResponse(alert=alert)

    async def CreateSilence(self, request: pb2.CreateSilenceRequest, _: object) -> pb2.CreateSilenceResponse:
        """Silence what is named."""
        place, caller = await self._asked(request.environment)
        now = self._now()
        wish = silence_of(request, place.metrics, now)
        silence = await self._parts.silences.create(place.environment, wish, caller.actor, now)
        return pb2.CreateSilenceResponse(silence=silence)

    async def ListSilences(self, request: pb2.ListSilencesRequest, _: object) -> pb2.ListSilencesResponse:
        """Return a page of silences."""
        place, _caller = await self._asked(request.environment)
        silences, token = await self._parts.silences.page(
            place.environment,
            now=self._now(),
            with_ended=request.with_ended,
            before=uuid_place_of(request.page_token),
            size=_size(request.page_size),
        )
        return pb2.ListSilencesResponse(silences=silences, next_page_token=token)

    async def EndSilence(self, request: pb2.EndSilenceRequest, _: object) -> pb2.EndSilenceResponse:
        """End a silence early."""
        place, caller = await self._asked(request.environment)
        silence_id = uuid_of("silence_id", request.silence_id)
        silence = await self._parts.silences.end(place.environment, silence_id, caller.actor, self._now())
        return pb2.EndSilenceResponse(silence=silence)

    async def CreateWebhook(self, request: pb2.CreateWebhookRequest, _: object) -> pb2.CreateWebhookResponse:
        """Create a webhook."""
        place, caller = await self._asked(request.environment)
        webhook, secret = await self._parts.webhooks.create(
            place.environment, request.url, request.description, request.events, caller.actor
        )
        return pb2.CreateWebhookResponse(webhook=webhook, secret=secret)

    async def ListWebhooks(self, request: pb2.ListWebhooksRequest, _: object) -> pb2.ListWebhooksResponse:
        """Return the webhooks."""
        place, _caller = await self._asked(request.environment)
        return pb2.ListWebhooksResponse(webhooks=await self._parts.webhooks.all(place.environment))

    async def UpdateWebhook(self, request: pb2.UpdateWebhookRequest, _: object) -> pb2.UpdateWebhookResponse:
        """Replace what can be set of a webhook."""
        place, caller = await self._asked(request.environment)
        webhook = await self._parts.webhooks.update(place.environment, request, caller.actor)
        return pb2.UpdateWebhookResponse(webhook=webhook)

    async def DeleteWebhook(self, request: pb2.DeleteWebhookRequest, _: object) -> pb2.DeleteWebhookResponse:
        """Remove a webhook."""
        place, caller = await self._asked(request.environment)
        await self._parts.webhooks.delete(place.environment, request.webhook_id, caller.actor)
        return pb2.DeleteWebhookResponse()

    async def RotateWebhookSecret(
        self, request: pb2.RotateWebhookSecretRequest, _: object
    ) -> pb2.RotateWebhookSecretResponse:
        """Give a webhook a new secret."""
        place, caller = await self._asked(request.environment)
        webhook, secret = await self._parts.webhooks.rotate(place.environment, request.webhook_id, caller.actor)
        return pb2.RotateWebhookSecretResponse(webhook=webhook, secret=secret)

    async def TestWebhook(self, request: pb2.TestWebhookRequest, _: object) -> pb2.TestWebhookResponse:
        """Send a test."""
        place, caller = await self._asked(request.environment)
        delivery = await self._parts.webhooks.test(place.environment, request.webhook_id, caller.actor)
        return pb2.TestWebhookResponse(delivery=delivery)

    async def ListDeliveries(self, request: pb2.ListDeliveriesRequest, _: object) -> pb2.ListDeliveriesResponse:
        """Return a page of what was sent or is to be sent."""
        place, _caller = await self._asked(request.environment)
        check_many("states", request.states)
        wanted = Filter(
            webhook_id=uuid_of("webhook_id", request.webhook_id) if request.webhook_id else None,
            alert_id=uuid_of("alert_id", request.alert_id) if request.alert_id else None,
            states=request.states,
        )
        before = place_of(request.page_token)
        found, token = await self._parts.outbox.page(place.environment, wanted, before, _size(request.page_size))
        return pb2.ListDeliveriesResponse(deliveries=found, next_page_token=token)

    async def RetryDelivery(self, request: pb2.RetryDeliveryRequest, _: object) -> pb2.RetryDeliveryResponse:
        """Attempt a message again."""
        place, caller = await self._asked(request.environment)
        delivery = await self._parts.webhooks.retry(place.environment, request.delivery_id, caller.actor)
        self._on_delivery()
        return pb2.RetryDeliveryResponse(delivery=delivery)

    async def ReplayAlerts(self, request: pb2.ReplayAlertsRequest, _: object) -> pb2.ReplayAlertsResponse:
        """Say what a rule would have said."""
        place, _caller = await self._asked(request.environment)
        stretch = replayed_stretch(request, self._now())
        check_tenants("tenants", request.tenants)
        watched = await self._replayed_rule(place, request)
        found = await self._parts.replays.replay(place, watched, request.tenants, stretch)
        return pb2.ReplayAlertsResponse(
            alerts=found.alerts[:MOST_ALERTS],
            truncated=len(found.alerts) > MOST_ALERTS,
            judged_hours=found.hours,
            tenants=found.tenants,
        )

    async def ListAlertChanges(self, request: pb2.ListAlertChangesRequest, _: object) -> pb2.ListAlertChangesResponse:
        """Return who has changed what."""
        place, _caller = await self._asked(request.environment)
        changes, token = await changes_page(
            self._parts.pool, place.environment, request.subject, _size(request.page_size), request.page_token
        )
        return pb2.ListAlertChangesResponse(changes=changes, next_page_token=token)

    async def end_streams(self) -> None:
        """End all streams: the service stops. They end well, and their readers begin anew at another replica."""
        self._streams.end()

    async def _asked(self, named: str) -> tuple[Place, Caller]:
        """Return the environment that a request means, begun, and who asks."""
        caller = current_caller.get()
        environment = caller.environment(named)
        alerting = self._alerting(environment)
        if alerting is None:
            raise _not_followed(environment)
        await self._parts.environments.begin(environment, self._now())
        return alerting.place, caller

    async def _replayed_rule(self, place: Place, request: pb2.ReplayAlertsRequest) -> Watched:
        if request.rule_key and request.HasField("rule"):
            raise InvalidRequest.of("rule", "must not be there beside rule_key")
        if request.HasField("rule"):
            rule = alert_pb2.AlertRule()
            rule.CopyFrom(request.rule)
            rule.key = rule.key or "replay"
            check_rule(rule, place.metrics)
            return Watched(rule, 0)
        record = await self._parts.rules.get(place.environment, request.rule_key)
        if record.rule.metric not in place.metrics:
            raise no_such_rule(request.rule_key)
        return Watched(record.rule, record.version)

    def _changed(self, environment: str) -> None:
        alerting = self._alerting(environment)
        if alerting is not None:
            alerting.hub.changed()
        self._on_delivery()

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)

    def _timestamp(self) -> Timestamp:
        timestamp = Timestamp()
        timestamp.FromDatetime(self._now())
        return timestamp


def _not_followed(environment: str) -> NotFound:
    return NotFound(
        "there is no such environment, or the key of the metrics service does not hold it",
        reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND,
        metadata={"environment": environment},
    )


def _size(asked: int) -> int:
    return page_size(asked, default=_DEFAULT_PAGE, most=_MOST_IN_PAGE)
