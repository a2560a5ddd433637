"""`mirante doctor`."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from services.cli.command import command
from services.cli.connection import CliSettings, load_settings
from services.cli.doctor.examining import examine, worst
from services.cli.doctor.findings import Finding, State
from services.cli.doctor.looking import look
from services.cli.output import Output, styled
from services.cli.refusals import ExitCode
from services.cli.session import Session

_STYLES: Final = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


def add_doctor(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", without=frozenset({"environment"}))(doctor)


def doctor(
    session: Session,
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="\\[MIRANTE_GATEWAY_URL; http://localhost:8080]", show_default=False)
    ] = "",
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 for warnings too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out what is well.")] = False,
) -> None:
    """
    Look at a deployment, and say what is wrong with it and what to do.

    Asks every replica that the names of the services lead to, with a key of role admin, and changes nothing. Where the
    first start's password is at hand it is tried, to see whether it was changed. Ends with 0 when nothing failed, else
    with 1.
    """
    settings = load_settings(CliSettings)
    seen = look(session, (gateway or settings.gateway_url).rstrip("/"), settings.home)
    findings = examine(seen)
    shown = [each for each in findings if not quiet or each.state is not State.OK]
    verdict = worst(findings)
    session.output.answer(
        lambda: {"state": verdict.value, "findings": [_plain(each) for each in shown]},
        lambda output: _show(output, shown, findings),
    )
    if verdict is State.FAIL or (strict and verdict is State.WARN):
        raise typer.Exit(ExitCode.REFUSED)


def _show(output: Output, shown: Sequence[Finding], all_of_them: Sequence[Finding]) -> None:
    rows = [(styled(each.state.value, _STYLES[each.state]), each.check, each.subject, _told(each)) for each in shown]
    if rows:
        output.table(("", "CHECK", "OF", "WHAT"), rows)
    counts = {state: sum(each.state is state for each in all_of_them) for state in State}
    output.line(f"{counts[State.OK]} ok, {counts[State.WARN]} warnings, {counts[State.FAIL]} failures")


def _told(finding: Finding) -> str:
    return f"{finding.reason}\n{finding.advice}" if finding.advice else finding.reason


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "subject": finding.subject,
        "state": finding.state.value,
        "reason": finding.reason,
        "advice": finding.advice,
    }
