"""`mirante alerts replay`."""

from typing import Annotated

import typer
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.cli.alerts.arguments import RuleKey, Tenants, moment_of
from services.cli.alerts.showing import KINDS, state_of
from services.cli.command import command
from services.cli.output import Output, local_time
from services.cli.plain import enum_name, plain
from services.cli.session import Session

replaying = typer.Typer()

_SECONDS = 600.0


@command(replaying, "replay")
def replay(
    session: Session,
    rule: RuleKey,
    start: Annotated[str, typer.Option("--from", help="A time, or so long ago, such as 7d.")] = "7d",
    end: Annotated[str, typer.Option("--until", help="The same; now when left out.", show_default=False)] = "",
    tenant: Tenants = None,
) -> None:
    """Say what a rule would have said. Nothing is stored and nobody is told."""
    request = pb2.ReplayAlertsRequest(
        environment=session.environment,
        rule_key=rule,
        tenants=tenant or (),
        start_time=moment_of("--from", start),
        end_time=moment_of("--until", end) if end else None,
    )
    found = session.call(session.alerts.ReplayAlerts, request, timeout_seconds=_SECONDS)

    def show(output: Output) -> None:
        rows = [
            (
                alert.tenant,
                local_time(alert.opened_at),
                local_time(alert.resolved_at) or state_of(alert),
                enum_name(KINDS, alert.kind),
                alert.evidence,
            )
            for alert in found.alerts
        ]
        if rows:
            output.table(("TENANT", "OPENED", "RESOLVED", "KIND", "EVIDENCE"), rows)
        more = " (the first ones; there were more)" if found.truncated else ""
        output.remark(f"{len(found.alerts)} alerts{more} in {found.judged_hours} hours of {found.tenants} tenants")

    session.output.answer(lambda: plain(found), show)
