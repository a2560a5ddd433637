"""Puts the commands of `mirante events` together."""

import typer

from services.cli.events.catalog import catalog
from services.cli.events.dead_letters import dead_letters
from services.cli.events.tail import tailing

events = typer.Typer(help="Events: live, their catalogue, and those that were refused.", no_args_is_help=True)
events.add_typer(tailing)
events.add_typer(catalog, name="catalog")
events.add_typer(dead_letters, name="dead-letters")
