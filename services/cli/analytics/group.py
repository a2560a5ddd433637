"""`mirante analytics`."""

import typer

from services.cli.analytics.store import storing

analytics = typer.Typer(help="Product analytics: the store that reports are made from.", no_args_is_help=True)
for _part in (storing,):
    analytics.add_typer(_part)
