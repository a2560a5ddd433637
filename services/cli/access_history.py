"""`mirante access-history`."""

from typing import Annotated

import typer
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2

from services.cli.command import command
from services.cli.flags.showing import show_changes
from services.cli.output import Output, local_time, styled
from services.cli.paging import newest
from services.cli.plain import enum_name, plain
from services.cli.session import Session

access = typer.Typer()

_MOST_CHANGES = 200
_ACTIONS = access_pb2.AccessAction.DESCRIPTOR


@command(access, "access-history", without=frozenset({"environment"}))
def access_history(session: Session, limit: Annotated[int, typer.Option(min=1, help="How many changes.")] = 50) -> None:
    """Show who changed environments, keys, browser access and people, newest first."""
    request = access_pb2.GetAccessHistoryRequest()
    found = newest(
        session, session.access.GetAccessHistory, request, lambda page: page.changes, limit=limit, most=_MOST_CHANGES
    )

    def show(output: Output) -> None:
        for change in found:
            action = enum_name(_ACTIONS, change.action).replace("_", " ")
            output.line(f"{local_time(change.at)}  {change.actor}  {action}  ", styled(change.subject, "bold"))
            show_changes(output, change.changes)

    session.output.answer(lambda: {"changes": [plain(change) for change in found]}, show)
