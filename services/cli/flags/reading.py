"""`mirante flags list | get | history`."""

import enum
from typing import Annotated

import typer
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2

from services.cli.command import command
from services.cli.flags.arguments import FlagKey
from services.cli.flags.showing import record_data, show_history, show_list, show_record
from services.cli.paging import newest, pages
from services.cli.plain import plain
from services.cli.session import Session

reading = typer.Typer()

_MOST_VERSIONS = 200


class State(enum.Enum):
    """States to filter by."""

    ON = "on"
    OFF = "off"
    KILLED = "killed"
    ARCHIVED = "archived"


@command(reading, "list")
def list_flags(
    session: Session,
    search: Annotated[str, typer.Argument(help="Part of the key or description.", show_default=False)] = "",
    tag: Annotated[str, typer.Option(help="Only flags with this tag.", show_default=False)] = "",
    owner: Annotated[str, typer.Option(help="Only flags of this owner.", show_default=False)] = "",
    state: Annotated[State | None, typer.Option(help="Only flags in this state.", show_default=False)] = None,
) -> None:
    """List flags."""
    request = flags_pb2.ListFlagsRequest(
        environment=session.environment,
        page_size=1000,
        search=search,
        tag=tag,
        owner=owner,
        state=flags_pb2.FlagState.Value(f"FLAG_STATE_{state.name}") if state else flags_pb2.FLAG_STATE_UNSPECIFIED,
    )
    found = list(pages(session, session.flags.ListFlags, request))
    records = [record for page in found for record in page.records]
    session.output.answer(
        lambda: {"records": [plain(record) for record in records], "revision": found[-1].revision},
        lambda output: show_list(output, records) if records else output.remark("no flags"),
    )


@command(reading, "get")
def get_flag(session: Session, key: FlagKey) -> None:
    """Show a flag and everything that decides what it serves."""
    request = flags_pb2.GetFlagRequest(environment=session.environment, flag_key=key)
    record = session.call(session.flags.GetFlag, request).record
    session.output.answer(lambda: record_data(record), lambda output: show_record(output, record))


@command(reading, "history")
def get_history(
    session: Session,
    key: FlagKey,
    limit: Annotated[int, typer.Option(min=1, help="How many versions.")] = 50,
) -> None:
    """Show the versions of a flag, newest first: who, when, why and what changed."""
    request = flags_pb2.GetFlagHistoryRequest(environment=session.environment, flag_key=key)
    entries = newest(
        session, session.flags.GetFlagHistory, request, lambda page: page.entries, limit=limit, most=_MOST_VERSIONS
    )
    session.output.answer(
        lambda: {"entries": [plain(entry) for entry in entries]}, lambda output: show_history(output, entries)
    )


def all_flags(
    session: Session, state: flags_pb2.FlagState.ValueType = flags_pb2.FLAG_STATE_UNSPECIFIED
) -> list[flags_pb2.FlagRecord]:
    """Return all flags in a state, by key; raise Refusal."""
    request = flags_pb2.ListFlagsRequest(environment=session.environment, page_size=1000, state=state)
    return [record for page in pages(session, session.flags.ListFlags, request) for record in page.records]
