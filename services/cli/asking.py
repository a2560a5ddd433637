"""Asks before something is done that a person should have seen first."""

import typer

from services.cli.output import Output
from services.cli.refusals import ExitCode, Refusal, usage


def ask(output: Output, question: str, *, yes: bool, first: str = "look at the plan with --dry-run") -> None:
    """
    Return when the answer is yes, or was given with --yes.

    Args:
        output: where it is asked.
        question: what is asked.
        yes: whether it was answered already.
        first: what to do before --yes is passed, where nobody can be asked.

    Raises:
        Refusal: the answer is no, or nobody can be asked.
    """
    if yes:
        return
    if not output.is_interactive:
        raise usage(f"nobody can be asked here: {first}, then pass --yes")
    if not typer.confirm(question):
        raise Refusal("nothing was changed", exit_code=ExitCode.REFUSED)
