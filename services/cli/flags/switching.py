"""`mirante flags on | off | kill | restore | archive | rollback`."""

import datetime
from typing import Annotated

import typer
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2

from services.cli.asking import ask
from services.cli.command import command
from services.cli.flags.archiving import is_in_use
from services.cli.flags.arguments import Comment, FlagKey, Reason, Yes
from services.cli.flags.delivery import await_delivery, show_delivery
from services.cli.flags.showing import record_data, show_record
from services.cli.flags.writing import change_flag
from services.cli.output import Output, local_time, styled
from services.cli.plain import plain
from services.cli.session import Session

switching = typer.Typer()

Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the connected processes have it.")]


@command(switching, "on")
def switch_on(session: Session, key: FlagKey, comment: Comment = "") -> None:
    """Switch a flag on. A killed flag stays killed."""
    _switch(session, key, on=True, comment=comment)


@command(switching, "off")
def switch_off(session: Session, key: FlagKey, comment: Comment = "") -> None:
    """Switch a flag off: everybody gets the off variant."""
    _switch(session, key, on=False, comment=comment)


@command(switching, "kill")
def kill_flag(session: Session, key: FlagKey, reason: Reason, wait: Wait = True) -> None:
    """Turn a flag off everywhere at once, whatever its definition says, until it is restored."""
    request = flags_pb2.KillFlagRequest(environment=session.environment, flag_key=key, reason=reason)
    record = session.call(session.flags.KillFlag, request).record
    kill = record.flag.kill
    headline = f"{local_time(kill.at)} by {kill.by}: {kill.reason}"
    _announce(session, record, f"killed {headline}", wait=wait)


@command(switching, "restore")
def restore_flag(session: Session, key: FlagKey, reason: Reason, wait: Wait = True) -> None:
    """Lift the kill: the flag does again what its definition says."""
    request = flags_pb2.RestoreFlagRequest(environment=session.environment, flag_key=key, reason=reason)
    record = session.call(session.flags.RestoreFlag, request).record
    state = "on" if record.flag.on else "off"
    _announce(session, record, f"restored {local_time(record.updated_at)} by {record.updated_by}, {state}", wait=wait)


@command(switching, "archive")
def archive_flag(session: Session, key: FlagKey, comment: Comment = "", *, yes: Yes = False) -> None:
    """Take a flag away. Its history stays; `rollback` brings it back. Asks when it is still evaluated."""
    if is_in_use(session, key, datetime.datetime.now(datetime.UTC)):
        question = f"Archive {key}, which is still evaluated? Callers will get their defaults."
        ask(session.output, question, yes=yes, first="`mirante flags references` finds it in the code")
    request = flags_pb2.ArchiveFlagRequest(environment=session.environment, flag_key=key, comment=comment)
    record = session.call(session.flags.ArchiveFlag, request).record
    session.output.answer(lambda: record_data(record), lambda output: output.line(f"{key}: archived"))


@command(switching, "rollback")
def roll_back_flag(
    session: Session,
    key: FlagKey,
    version: Annotated[int, typer.Argument(min=1, help="As `history` shows it.", show_default=False)],
    comment: Comment = "",
) -> None:
    """Make the definition of an earlier version the newest one. A kill stays."""
    request = flags_pb2.RollBackFlagRequest(
        environment=session.environment, flag_key=key, version=version, comment=comment
    )
    record = session.call(session.flags.RollBackFlag, request).record
    session.output.answer(lambda: record_data(record), lambda output: show_record(output, record))


def _switch(session: Session, key: str, *, on: bool, comment: str) -> None:
    def edit(flag: flag_pb2.Flag) -> None:
        flag.on = on

    record, changed = change_flag(session, key, edit, comment)
    words = f"{'now' if changed else 'already'} {'on' if on else 'off'}"
    killed = ", but killed: `mirante flags restore` lifts that" if record.flag.HasField("kill") else ""
    session.output.answer(lambda: record_data(record), lambda output: output.line(f"{key}: {words}{killed}"))


def _announce(session: Session, record: flags_pb2.FlagRecord, headline: str, *, wait: bool) -> None:
    def show(output: Output) -> None:
        output.line(styled(record.flag.key, "bold"), f": {headline} (revision {record.revision})")

    if session.output.as_json:
        delivery = await_delivery(session, record.revision) if wait else None
        tail = {"delivery": plain(delivery)} if delivery else {}
        session.output.answer(lambda: {"record": plain(record), **tail}, show)
        return
    show(session.output)  # before waiting: the kill has happened, and that is what the person wants to know
    if wait:
        show_delivery(session.output, await_delivery(session, record.revision))
