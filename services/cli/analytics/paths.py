"""`mirante analytics paths`: what people did right before or after an event."""

from typing import Annotated

import typer
from mirante.api.metrics.v1 import path_report_pb2, report_pb2

from services.cli.alerts.arguments import duration_of
from services.cli.analytics.scopes import Asked, selection_of
from services.cli.analytics.showing import ask
from services.cli.command import command
from services.cli.session import Session

walking = typer.Typer()


@command(walking, "paths")
def paths(
    session: Session,
    asked: Asked,
    *,
    anchor: Annotated[str, typer.Argument(metavar="EVENT", help="Where paths begin.", show_default=False)],
    before: Annotated[bool, typer.Option("--before", help="What came before it, instead of after.")] = False,
    each: Annotated[bool, typer.Option("--each", help="Count each time, instead of each person once.")] = False,
    depth: Annotated[int, typer.Option(min=1, max=5, help="Steps.")] = 3,
    limit: Annotated[int, typer.Option(min=1, help="Events that stay apart at each step.")] = 10,
    gap: Annotated[str, typer.Option(help="The longest between two events: 30m, 2h, 7d.")] = "30m",
    collapse: Annotated[bool, typer.Option("--collapse", help="Repeats right after each other are one.")] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="EVENT", help="As if it had not happened. May be repeated.", show_default=False),
    ] = None,
) -> None:
    """What people did right after an event, or right before it."""
    question = report_pb2.Question()
    path = question.paths
    path.anchor.CopyFrom(selection_of(anchor))
    path.direction = path_report_pb2.PATH_DIRECTION_BEFORE if before else path_report_pb2.PATH_DIRECTION_AFTER
    path.counted = path_report_pb2.PATH_COUNTED_OCCURRENCES if each else path_report_pb2.PATH_COUNTED_ACTORS
    path.depth, path.limit, path.collapse = depth, limit, collapse
    path.gap.FromTimedelta(duration_of("--gap", gap))
    path.excluded.extend(without or ())
    ask(session, asked.over(question), asked.format)
