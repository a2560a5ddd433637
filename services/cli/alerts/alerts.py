"""`mirante alerts list | show | watch | ack | resolve | note | changes`."""

import enum
import itertools
import random
import time
from dataclasses import dataclass
from typing import Annotated

import grpc
import typer
from mirante.api.metrics.v1 import alert_pb2 as model
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.cli.alerts.arguments import PAGE, AlertId, Limit, Note, Tenants
from services.cli.alerts.showing import show_alert, show_alerts, state_of
from services.cli.command import command
from services.cli.output import Output, local_time
from services.cli.paging import pages
from services.cli.plain import plain
from services.cli.refusals import LASTING
from services.cli.session import Session

seeing = typer.Typer()

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_UNRESOLVED = (model.ALERT_STATE_OPEN, model.ALERT_STATE_ACKNOWLEDGED)


class State(enum.Enum):
    """States to filter by."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Which:
    """Which alerts are listed; None: all."""

    tenant: Tenants = None
    metric: Annotated[list[str] | None, typer.Option("--metric", help="Only of this one.", show_default=False)] = None
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only of this one.", show_default=False)] = None
    state: Annotated[list[State] | None, typer.Option("--state", help="Only in it.", show_default=False)] = None


@command(seeing, "list")
def list_alerts(
    session: Session,
    which: Which,
    limit: Limit = 100,
    *,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Those too that are resolved.")] = False,
) -> None:
    """List alerts, newest first: those that are not resolved, unless told otherwise."""
    states = [model.AlertState.Value(f"ALERT_STATE_{each.name}") for each in which.state or ()]
    request = pb2.ListAlertsRequest(
        environment=session.environment,
        page_size=min(limit, PAGE),
        states=states or (() if everything else _UNRESOLVED),
        tenants=which.tenant or (),
        metrics=which.metric or (),
        rule_keys=which.rule or (),
    )
    alerts = (each for page in pages(session, session.alerts.ListAlerts, request) for each in page.alerts)
    found = list(itertools.islice(alerts, limit))
    session.output.answer(
        lambda: {"alerts": [plain(alert) for alert in found]},
        lambda output: show_alerts(output, found) if found else output.remark("no alerts"),
    )


@command(seeing, "show")
def show(session: Session, alert: AlertId) -> None:
    """Show everything about an alert."""
    request = pb2.GetAlertRequest(environment=session.environment, alert_id=alert)
    _answer(session, session.call(session.alerts.GetAlert, request).alert)


@command(seeing, "ack")
def acknowledge(session: Session, alert: AlertId, note: Note = "") -> None:
    """Say that you take care of an alert."""
    request = pb2.AcknowledgeAlertRequest(environment=session.environment, alert_id=alert, note=note)
    _answer(session, session.call(session.alerts.AcknowledgeAlert, request).alert)


@command(seeing, "resolve")
def resolve(session: Session, alert: AlertId, note: Note = "") -> None:
    """Close an alert. Its episode opens no other one."""
    request = pb2.ResolveAlertRequest(environment=session.environment, alert_id=alert, note=note)
    _answer(session, session.call(session.alerts.ResolveAlert, request).alert)


@command(seeing, "note")
def add_note(
    session: Session, alert: AlertId, text: Annotated[str, typer.Argument(help="For others.", show_default=False)]
) -> None:
    """Add a note to an alert."""
    request = pb2.AddAlertNoteRequest(environment=session.environment, alert_id=alert, text=text)
    _answer(session, session.call(session.alerts.AddAlertNote, request).alert)


@command(seeing, "changes")
def list_changes(
    session: Session,
    subject: Annotated[str, typer.Argument(help="An alert, rule, silence or webhook; all when left out.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many.")] = 50,
) -> None:
    """List who has changed what, newest first."""
    request = pb2.ListAlertChangesRequest(environment=session.environment, subject=subject, page_size=limit)
    found = session.call(session.alerts.ListAlertChanges, request).changes
    rows = [(local_time(each.at), each.actor, each.action, each.subject, each.comment) for each in found]
    session.output.answer(
        lambda: {"changes": [plain(each) for each in found]},
        lambda output: output.table(("TIME", "WHO", "WHAT", "OF", "COMMENT"), rows),
    )


@command(seeing, "watch")
def watch(session: Session, tenant: Tenants = None) -> None:
    """Print alerts as they open and change, until Ctrl-C."""
    request = pb2.WatchAlertsRequest(environment=session.environment, tenants=tenant or ())
    printed: dict[str, int] = {}
    pause = _FIRST_PAUSE_SECONDS
    connected = False
    try:
        while True:
            try:
                for response in session.alerts.WatchAlerts(request, metadata=session.metadata):
                    if not connected:
                        session.output.remark("looking at alerts as they change; Ctrl-C ends")
                    connected, pause = True, _FIRST_PAUSE_SECONDS
                    _print(session, response, printed)
            except grpc.RpcError as error:
                refusal = session.refusal(error, request)
                if not connected or refusal.status in LASTING:
                    raise refusal from None
                session.output.remark(f"{refusal.message}; trying again")
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    except KeyboardInterrupt:
        return


def _print(session: Session, response: pb2.WatchAlertsResponse, printed: dict[str, int]) -> None:
    """Print the alerts that were not printed as they are now."""
    if response.snapshot:
        present = {alert.id for alert in response.alerts}
        for gone in printed.keys() - present:
            del printed[gone]
    for alert in response.alerts:
        if printed.get(alert.id) != alert.revision:
            printed[alert.id] = alert.revision
            session.output.answer(lambda alert=alert: plain(alert), lambda output, alert=alert: _line(output, alert))  # type: ignore[misc]


def _line(output: Output, alert: model.Alert) -> None:
    output.line(f"{local_time(alert.opened_at)}  ", state_of(alert), f"  {alert.id}  {alert.evidence}")


def _answer(session: Session, alert: model.Alert) -> None:
    session.output.answer(lambda: plain(alert), lambda output: show_alert(output, alert))
