"""`mirante experiments results | report`."""

from pathlib import Path
from typing import Annotated

import typer
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2

from services.cli.command import command
from services.cli.documents import write_document
from services.cli.experiments.arguments import SECONDS, ExperimentKey
from services.cli.experiments.showing import show_results
from services.cli.plain import plain
from services.cli.session import Session

seeing = typer.Typer()


@command(seeing, "results")
def show(
    session: Session,
    experiment: ExperimentKey,
    by: Annotated[
        str, typer.Option(help="A property to split by, such as device; exploratory.", show_default=False)
    ] = "",
) -> None:
    """Say what an experiment says so far; it may be looked at as often as one likes."""
    request = pb2.GetResultsRequest(environment=session.environment, experiment_key=experiment, breakdown_property=by)
    results = session.call(session.experiments.GetResults, request, timeout_seconds=SECONDS).results
    session.output.answer(lambda: plain(results), lambda output: show_results(output, results))


@command(seeing, "report")
def report(
    session: Session,
    experiment: ExperimentKey,
    file: Annotated[Path | None, typer.Option("--out", help="Write it to a file.", show_default=False)] = None,
) -> None:
    """Print the learning report, in Markdown."""
    request = pb2.GetReportRequest(environment=session.environment, experiment_key=experiment)
    markdown = session.call(session.experiments.GetReport, request, timeout_seconds=SECONDS).markdown
    if file is not None:
        write_document(file, markdown)
    session.output.answer(
        lambda: {"markdown": markdown},
        lambda output: output.line(f"wrote {file}") if file is not None else output.verbatim(markdown),
    )
