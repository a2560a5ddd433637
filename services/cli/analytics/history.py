"""`mirante analytics history`: who has saved, changed and deleted cohorts, reports and boards."""

from typing import Annotated, Final

import typer
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import saved_report_pb2

from services.cli.command import command
from services.cli.output import local_time
from services.cli.paging import newest
from services.cli.plain import plain
from services.cli.refusals import usage
from services.cli.session import Session

remembering = typer.Typer()

_MOST: Final = 1_000


@command(remembering, "history")
def history(
    session: Session,
    *,
    cohort: Annotated[str, typer.Option(metavar="ID", help="Only of this cohort.", show_default=False)] = "",
    report: Annotated[str, typer.Option(metavar="ID", help="Only of this report.", show_default=False)] = "",
    board: Annotated[str, typer.Option(metavar="ID", help="Only of this board.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many.")] = 50,
) -> None:
    """
    List who has saved, changed and deleted which cohorts, reports and boards, newest first.

    --json tells each as it became, or as it was when it was deleted.
    """
    named = [
        (kind, saved_id)
        for kind, saved_id in (
            (saved_report_pb2.SAVED_KIND_COHORT, cohort),
            (saved_report_pb2.SAVED_KIND_REPORT, report),
            (saved_report_pb2.SAVED_KIND_BOARD, board),
        )
        if saved_id
    ]
    if len(named) > 1:
        raise usage("say one of --cohort, --report and --board")
    kind, saved_id = named[0] if named else (saved_report_pb2.SAVED_KIND_UNSPECIFIED, "")
    request = pb2.ListSavedChangesRequest(environment=session.environment, kind=kind, saved_id=saved_id)
    found = newest(
        session, session.analytics.ListSavedChanges, request, lambda page: page.changes, limit=limit, most=_MOST
    )
    rows = [_row(each) for each in found]
    session.output.answer(
        lambda: {"changes": [plain(each) for each in found]},
        lambda output: (
            output.table(("TIME", "WHO", "WHAT", "KIND", "NAME", "REVISION", "ID"), rows)
            if rows
            else output.remark("no changes")
        ),
    )


def _row(change: saved_report_pb2.SavedChange) -> tuple[str, ...]:
    kind = change.WhichOneof("saved") or ""
    info = getattr(change, kind).info if kind else saved_report_pb2.SavedInfo()
    return (local_time(change.at), change.actor, change.action, kind, info.name, str(info.revision), info.id)
