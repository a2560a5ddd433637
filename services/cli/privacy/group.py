"""Puts the commands of `mirante privacy` together."""

import typer

from services.cli.privacy.erasing import erasing
from services.cli.privacy.exporting import exporting

privacy = typer.Typer(help="What people may ask for under the LGPD: export and erasure.", no_args_is_help=True)
for _part in (exporting, erasing):
    privacy.add_typer(_part)
