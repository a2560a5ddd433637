"""Puts the commands of `mirante alerts` together."""

import typer

from services.cli.alerts.alerts import seeing
from services.cli.alerts.replaying import replaying
from services.cli.alerts.rules import rules
from services.cli.alerts.silences import silences
from services.cli.alerts.webhooks import webhooks

alerts = typer.Typer(help="Alerts: what is unusual, and who is told.", no_args_is_help=True)
for _part in (seeing, replaying):
    alerts.add_typer(_part)
alerts.add_typer(rules, name="rules")
alerts.add_typer(silences, name="silence")
alerts.add_typer(webhooks, name="webhooks")
