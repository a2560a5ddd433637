"""The command line `mirante`: puts the commands together."""

import typer

from services.cli.access import environments, keys
from services.cli.access_history import access
from services.cli.alerts.group import alerts
from services.cli.analytics.group import analytics
from services.cli.analytics.sql import asking_sql
from services.cli.browser_access import browser_access
from services.cli.command import root_options
from services.cli.doctor.command import add_doctor
from services.cli.events.group import events
from services.cli.experiments.group import experiments
from services.cli.flags.defining import defining
from services.cli.flags.evaluating import evaluating
from services.cli.flags.lifecycle import lifecycle
from services.cli.flags.plans import plans
from services.cli.flags.reading import reading
from services.cli.flags.scanning import scanning
from services.cli.flags.switching import switching
from services.cli.flags.watching import watching
from services.cli.health import health_group
from services.cli.people import people
from services.cli.privacy.group import privacy
from services.cli.rollouts.group import rollouts
from services.cli.segments import segments
from services.cli.up.command import up

_HELP = "Feature flags and telemetry of Mirante: `mirante up` starts the services, everything else talks to them."

flags = typer.Typer(help="Flags: definitions, switches, history, answers.", no_args_is_help=True)
for _part in (reading, switching, defining, evaluating, watching, plans, lifecycle, scanning):
    flags.add_typer(_part)

app = typer.Typer(help=_HELP, no_args_is_help=True, pretty_exceptions_show_locals=False)
root_options(app)
app.command("up")(up)
add_doctor(app)
app.add_typer(flags, name="flags")
app.add_typer(segments, name="segments")
app.add_typer(rollouts, name="rollouts")
app.add_typer(events, name="events")
app.add_typer(alerts, name="alerts")
app.add_typer(analytics, name="analytics")
app.add_typer(experiments, name="experiments")
app.add_typer(asking_sql)
app.add_typer(health_group)
app.add_typer(privacy, name="privacy")
app.add_typer(keys, name="keys")
app.add_typer(environments, name="environments")
app.add_typer(browser_access, name="browser-access")
app.add_typer(people, name="people")
app.add_typer(access)


def main() -> None:
    """Run the command line; exits with 0 (done), 1 (refused) or 2 (wrong usage)."""
    app()
