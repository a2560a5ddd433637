"""Arguments that several commands take."""

from typing import Annotated

import typer

from services.cli.command import complete_flag_keys

FlagKey = Annotated[str, typer.Argument(help="Key of the flag.", autocompletion=complete_flag_keys, show_default=False)]
Comment = Annotated[str, typer.Option(help="Why; kept in the history.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the history.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
