"""`mirante events dead-letters list | replay`."""

import itertools
from typing import Annotated, Any

import typer
from mirante.api.common.v1 import error_reason_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.cli.command import command
from services.cli.events.event_data import event_data, event_id
from services.cli.output import Output, local_time, styled
from services.cli.paging import pages
from services.cli.plain import enum_name, plain
from services.cli.session import Session

dead_letters = typer.Typer(help="Events that the catalogue refused.", no_args_is_help=True)

_PAGE = 1_000
_REPLAY_SECONDS = 600.0
_REASONS = error_reason_pb2.ErrorReason.DESCRIPTOR
_Name = Annotated[str, typer.Option("--name", metavar="EVENT", help="Only events of this name.", show_default=False)]


@command(dead_letters, "list")
def list_dead_letters(
    session: Session,
    name: _Name = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    *,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those too that a replay has stored.")] = False,
) -> None:
    """List refused events, newest first, and why."""
    request = pb2.ListDeadLettersRequest(
        environment=session.environment, name=name, page_size=min(limit, _PAGE), include_replayed=replayed
    )
    letters = (
        each for page in pages(session, session.catalogue.ListDeadLetters, request) for each in page.dead_letters
    )
    found = list(itertools.islice(letters, limit))
    session.output.answer(
        lambda: {"dead_letters": [_data(letter) for letter in found]},
        lambda output: _show(output, found) if found else output.remark("no dead letters"),
    )


@command(dead_letters, "replay")
def replay_dead_letters(
    session: Session,
    ids: Annotated[list[str] | None, typer.Argument(help="As `list` shows them; all when left out.")] = None,
    name: _Name = "",
) -> None:
    """Take refused events through the present catalogue again: what is valid now is stored, once."""
    request = pb2.ReplayDeadLettersRequest(environment=session.environment, name=name, ids=ids or [])
    done = session.call(session.catalogue.ReplayDeadLetters, request, timeout_seconds=_REPLAY_SECONDS)

    def show(output: Output) -> None:
        output.line(f"{done.stored} stored, {done.duplicates} were in the log already, {done.left} left")
        if missing := len(set(ids or [])) - done.stored - done.duplicates - done.left:
            output.remark(f"{missing} of the ids do not wait: they were replayed before, or there are none such")

    session.output.answer(lambda: plain(done), show)


def _data(letter: pb2.DeadLetter) -> dict[str, Any]:
    return {**plain(letter), "event": event_data(letter.event)}


def _show(output: Output, letters: list[pb2.DeadLetter]) -> None:
    rows = [
        (
            letter.id,
            local_time(letter.received_at),
            letter.event.name,
            letter.event.tenant,
            event_id(letter.event),
            enum_name(_REASONS, letter.reason),
            styled(f"{letter.field}: {letter.message}", "yellow"),
            f"v{letter.definition_version}" if letter.definition_version else "",
            local_time(letter.replayed_at),
        )
        for letter in letters
    ]
    columns = ("ID", "RECEIVED", "EVENT", "TENANT", "EVENT ID", "REASON", "WHAT IS WRONG", "DEFINITION", "REPLAYED")
    output.table(columns, rows)
