"""Puts the commands of `mirante events` together."""

import typer

events = typer.Typer(help="Events: live, their catalogue, and those that were refused.", no_args_is_help=True)
