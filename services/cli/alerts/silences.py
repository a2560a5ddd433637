"""`mirante alerts silence add | list | end`."""

import datetime
from dataclasses import dataclass
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import alert_pb2 as model
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.cli.alerts.arguments import PAGE, duration_of, moment_of
from services.cli.command import command
from services.cli.output import Output, local_time
from services.cli.plain import plain
from services.cli.session import Session

silences = typer.Typer(help="Silences: alerts are recorded and nobody is told.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Named:
    """What is to be silent; what is empty is any."""

    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Of this one.", show_default=False)] = ""
    metric: Annotated[str, typer.Option("--metric", help="Of this one.", show_default=False)] = ""
    rule: Annotated[str, typer.Option("--rule", help="Of this one.", show_default=False)] = ""


@command(silences, "add")
def add_silence(
    session: Session,
    held_for: Annotated[str, typer.Option("--for", help="For so long, such as 2h.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.", show_default=False)],
    named: Named,
    start: Annotated[str, typer.Option("--from", help="A time; now when left out.", show_default=False)] = "",
) -> None:
    """Silence a tenant, a metric or a rule; what is named holds at once."""
    begin = Timestamp()
    if start:
        begin = moment_of("--from", start)
    else:
        begin.FromDatetime(datetime.datetime.now(datetime.UTC))
    request = pb2.CreateSilenceRequest(
        environment=session.environment,
        tenant=named.tenant,
        metric=named.metric,
        rule_key=named.rule,
        reason=reason,
    )
    if start:
        request.start_time.CopyFrom(begin)
    request.end_time.FromDatetime(begin.ToDatetime(datetime.UTC) + duration_of("--for", held_for))
    made = session.call(session.alerts.CreateSilence, request).silence
    session.output.answer(lambda: plain(made), lambda output: _show(output, [made]))


@command(silences, "list")
def list_silences(
    session: Session, *, everything: Annotated[bool, typer.Option("--all", "-a", help="Those too that ended.")] = False
) -> None:
    """List silences, newest first."""
    request = pb2.ListSilencesRequest(environment=session.environment, page_size=PAGE, with_ended=everything)
    found = list(session.call(session.alerts.ListSilences, request).silences)
    session.output.answer(
        lambda: {"silences": [plain(each) for each in found]},
        lambda output: _show(output, found) if found else output.remark("no silences"),
    )


@command(silences, "end")
def end_silence(
    session: Session, silence: Annotated[str, typer.Argument(help="As `list` shows it.", show_default=False)]
) -> None:
    """End a silence now."""
    request = pb2.EndSilenceRequest(environment=session.environment, silence_id=silence)
    ended = session.call(session.alerts.EndSilence, request).silence
    session.output.answer(lambda: plain(ended), lambda output: _show(output, [ended]))


def _show(output: Output, found: list[model.Silence]) -> None:
    rows = [
        (
            each.id,
            each.tenant or "any",
            each.metric or "any",
            each.rule_key or "any",
            local_time(each.start_time),
            local_time(each.end_time) + (f" by {each.ended_by}" if each.ended_by else ""),
            each.created_by,
            each.reason,
        )
        for each in found
    ]
    output.table(("ID", "TENANT", "METRIC", "RULE", "FROM", "UNTIL", "BY", "REASON"), rows)
