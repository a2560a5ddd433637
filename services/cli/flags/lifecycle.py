"""`mirante flags usage | stale`."""

from typing import Annotated

import typer
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.cli.command import command, complete_flag_keys
from services.cli.flags.lives import ask_lives, show_lives
from services.cli.plain import plain
from services.cli.session import Session

lifecycle = typer.Typer()

Days = Annotated[int, typer.Option(min=1, max=400, help="Over how many days evaluations are counted.")]
StaleDays = Annotated[int, typer.Option("--untouched", min=1, max=400, help="Days without a change.")]


@command(lifecycle, "usage")
def usage(
    session: Session,
    keys: Annotated[
        list[str] | None,
        typer.Argument(help="Keys of flags. None: all.", autocompletion=complete_flag_keys, show_default=False),
    ] = None,
    days: Days = 30,
) -> None:
    """Say where flags are in their life, when they were last evaluated, and which variants people got."""
    answer = ask_lives(session, keys or (), days=days)
    missing = sorted(set(keys or ()) - {life.flag_key for life in answer.flags})
    session.output.answer(
        lambda: plain(answer),
        lambda output: show_lives(output, answer, answer.flags) if answer.flags else output.remark("no flags"),
    )
    for key in missing:
        session.output.remark(f"{key}: there is no such flag, or it is archived")


@command(lifecycle, "stale")
def stale(session: Session, days: Days = 30, untouched: StaleDays = 30) -> None:
    """
    List flags that can be taken out of the code.

    Everybody gets the same variant, nobody has changed them for a while, and no experiment or rollout is under way.
    Flags with the tag "permanente" are never listed.
    """
    answer = ask_lives(session, days=days, stale_days=untouched)
    found = [life for life in answer.flags if life.stage == pb2.FLAG_STAGE_STALE]
    listed = pb2.ListFlagLifecyclesResponse(flags=found, exposures_unknown=answer.exposures_unknown)
    if answer.HasField("complete_until"):
        listed.complete_until.CopyFrom(answer.complete_until)
    session.output.answer(
        lambda: plain(listed),
        lambda output: show_lives(output, listed, found) if found else output.remark("no stale flags"),
    )
    if found:
        session.output.remark("`mirante flags references .` says where they still stand in the code")
