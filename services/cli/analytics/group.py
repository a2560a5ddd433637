"""`mirante analytics`."""

import typer

from services.cli.analytics.boards import boarding
from services.cli.analytics.cohorts import cohorting
from services.cli.analytics.history import remembering
from services.cli.analytics.paths import walking
from services.cli.analytics.reports import reporting
from services.cli.analytics.store import storing

analytics = typer.Typer(
    help="Product analytics: reports on what people do, boards, cohorts, and the store that they are made from.",
    no_args_is_help=True,
)
for _part in (reporting, walking, boarding, cohorting, remembering, storing):
    analytics.add_typer(_part)
