"""Puts the commands of `mirante rollouts` together."""

import typer

from services.cli.rollouts.drafting import drafting
from services.cli.rollouts.moving import moving
from services.cli.rollouts.reading import reading

rollouts = typer.Typer(help="Rollout plans: a variant reaches everybody, stage by stage.", no_args_is_help=True)
for _part in (reading, drafting, moving):
    rollouts.add_typer(_part)
