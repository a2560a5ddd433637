"""Puts the commands of `mirante experiments` together."""

import typer

from services.cli.experiments.designing import designing
from services.cli.experiments.results import seeing
from services.cli.experiments.running import running

experiments = typer.Typer(help="Experiments: A/B tests on flags, their results and decisions.", no_args_is_help=True)
for _part in (designing, running, seeing):
    experiments.add_typer(_part)
