"""`mirante alerts webhooks list | create | update | rotate | delete | test | deliveries | retry`."""

import enum
from typing import Annotated

import typer
from mirante.api.metrics.v1 import alert_pb2 as model
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.cli.alerts.arguments import PAGE, WebhookId
from services.cli.asking import ask
from services.cli.command import command
from services.cli.flags.arguments import Yes
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.refusals import ExitCode, Refusal
from services.cli.session import Session

webhooks = typer.Typer(help="Webhooks: who is told.", no_args_is_help=True)

_EVENTS = model.AlertEvent.DESCRIPTOR
_STATES = model.DeliveryState.DESCRIPTOR
_TEST_SECONDS = 30.0


class Event(enum.Enum):
    """What a webhook can be told."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


_Events = Annotated[
    list[Event] | None,
    typer.Option("--event", help="May be repeated; opened and resolved when left out.", show_default=False),
]


@command(webhooks, "list")
def list_webhooks(session: Session) -> None:
    """List webhooks. Secrets are not shown."""
    found = list(_all(session))
    rows = [
        (
            each.id,
            each.url,
            ", ".join(enum_name(_EVENTS, event) for event in each.events) or "opened, resolved",
            styled("disabled", "yellow") if each.disabled else "",
            each.description,
            f"{local_time(each.updated_at)} by {each.updated_by}",
        )
        for each in found
    ]
    session.output.answer(
        lambda: {"webhooks": [plain(each) for each in found]},
        lambda output: output.table(("ID", "URL", "EVENTS", "", "DESCRIPTION", "CHANGED"), rows),
    )


@command(webhooks, "create")
def create_webhook(
    session: Session,
    url: Annotated[str, typer.Argument(help="Where messages go.", show_default=False)],
    description: Annotated[str, typer.Option(help="For people.")] = "",
    event: _Events = None,
) -> None:
    """Create a webhook and show its secret, once."""
    request = pb2.CreateWebhookRequest(
        environment=session.environment, url=url, description=description, events=_numbers(event)
    )
    created = session.call(session.alerts.CreateWebhook, request)
    session.output.answer(lambda: plain(created), lambda output: _show_secret(output, created.webhook, created.secret))


@command(webhooks, "update")
def update_webhook(
    session: Session,
    webhook: WebhookId,
    url: Annotated[str | None, typer.Option(help="Where messages go.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option(help="For people.", show_default=False)] = None,
    event: _Events = None,
    *,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether it is told nothing.", show_default=False)
    ] = None,
) -> None:
    """Change what is named of a webhook."""
    before = next((each for each in _all(session) if each.id == webhook), None)
    if before is None:
        raise Refusal(f"there is no webhook {webhook}", exit_code=ExitCode.REFUSED)
    request = pb2.UpdateWebhookRequest(
        environment=session.environment,
        webhook_id=webhook,
        url=before.url if url is None else url,
        description=before.description if description is None else description,
        events=before.events if event is None else _numbers(event),
        disabled=before.disabled if disabled is None else disabled,
    )
    changed = session.call(session.alerts.UpdateWebhook, request).webhook
    session.output.answer(lambda: plain(changed), lambda output: output.line(f"changed {changed.id}"))


@command(webhooks, "rotate")
def rotate_secret(session: Session, webhook: WebhookId) -> None:
    """Give a webhook a new secret and show it, once. The old one signs nothing any more."""
    request = pb2.RotateWebhookSecretRequest(environment=session.environment, webhook_id=webhook)
    rotated = session.call(session.alerts.RotateWebhookSecret, request)
    session.output.answer(lambda: plain(rotated), lambda output: _show_secret(output, rotated.webhook, rotated.secret))


@command(webhooks, "delete")
def delete_webhook(session: Session, webhook: WebhookId, *, yes: Yes = False) -> None:
    """Delete a webhook; what waits for it is not sent."""
    ask(session.output, f"Delete the webhook {webhook}?", yes=yes)
    request = pb2.DeleteWebhookRequest(environment=session.environment, webhook_id=webhook)
    session.call(session.alerts.DeleteWebhook, request)
    session.output.answer(lambda: {"deleted": webhook}, lambda output: output.line(f"deleted {webhook}"))


@command(webhooks, "test")
def test_webhook(session: Session, webhook: WebhookId) -> None:
    """Send a test now; fails when it is not answered well."""
    request = pb2.TestWebhookRequest(environment=session.environment, webhook_id=webhook)
    sent = session.call(session.alerts.TestWebhook, request, timeout_seconds=_TEST_SECONDS).delivery
    session.output.answer(lambda: plain(sent), lambda output: _show_deliveries(output, [sent]))
    if sent.state != model.DELIVERY_STATE_DELIVERED:
        raise typer.Exit(ExitCode.REFUSED)


@command(webhooks, "deliveries")
def list_deliveries(
    session: Session,
    webhook: Annotated[str, typer.Option("--webhook", help="Only to this one.", show_default=False)] = "",
    alert: Annotated[str, typer.Option("--alert", help="Only about this one.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many.")] = 50,
) -> None:
    """List what was sent or is to be sent, newest first."""
    request = pb2.ListDeliveriesRequest(
        environment=session.environment, webhook_id=webhook, alert_id=alert, page_size=limit
    )
    found = list(session.call(session.alerts.ListDeliveries, request).deliveries)
    session.output.answer(
        lambda: {"deliveries": [plain(each) for each in found]},
        lambda output: _show_deliveries(output, found) if found else output.remark("no deliveries"),
    )


@command(webhooks, "retry")
def retry_delivery(
    session: Session, delivery: Annotated[str, typer.Argument(help="As `deliveries` shows it.", show_default=False)]
) -> None:
    """Attempt a delivery again now, with the same id."""
    request = pb2.RetryDeliveryRequest(environment=session.environment, delivery_id=delivery)
    found = session.call(session.alerts.RetryDelivery, request).delivery
    session.output.answer(lambda: plain(found), lambda output: _show_deliveries(output, [found]))


def _all(session: Session) -> list[model.Webhook]:
    request = pb2.ListWebhooksRequest(environment=session.environment)
    return list(session.call(session.alerts.ListWebhooks, request).webhooks)


def _numbers(events: list[Event] | None) -> list["model.AlertEvent.ValueType"]:
    return [model.AlertEvent.Value(f"ALERT_EVENT_{each.name}") for each in events or ()]


def _show_secret(output: Output, webhook: model.Webhook, secret: str) -> None:
    output.line(secret)
    output.remark(f"id {webhook.id}; the secret above will not be shown again")


def _show_deliveries(output: Output, found: list[model.Delivery]) -> None:
    rows = [
        (
            each.id,
            local_time(each.created_at),
            enum_name(_EVENTS, each.event),
            styled(enum_name(_STATES, each.state), "red" if each.state == model.DELIVERY_STATE_FAILED else ""),
            str(each.attempt_count),
            each.attempts[0].error or str(each.attempts[0].status) if each.attempts else "",
            local_time(each.next_attempt_at),
            each.webhook_id,
        )
        for each in found
    ]
    output.table(("ID", "CREATED", "EVENT", "STATE", "ATTEMPTS", "LAST", "NEXT", "WEBHOOK"), rows)
