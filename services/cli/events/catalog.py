"""`mirante events catalog get | list | export | import | coverage`."""

import difflib
from pathlib import Path
from typing import Annotated

import typer
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.cli.asking import ask
from services.cli.command import command
from services.cli.documents import read_document, write_document
from services.cli.events.catalog_showing import show_changes, show_coverage, show_event, show_list
from services.cli.flags.arguments import DryRun, Yes
from services.cli.output import Output
from services.cli.plain import plain
from services.cli.refusals import Refusal
from services.cli.session import Session

catalog = typer.Typer(help="Which events there are, and what they carry.", no_args_is_help=True)

_READING_SECONDS = 130.0
"""The service takes two minutes at most for reading a large document."""


@command(catalog, "list")
def list_events(session: Session) -> None:
    """List the declared events; a property with ? is optional."""
    catalogue = _catalogue(session)
    session.output.answer(
        lambda: {"catalogue": plain(catalogue)},
        lambda output: show_list(output, catalogue) if catalogue.events else output.remark("no event is declared"),
    )


@command(catalog, "get")
def get_event(
    session: Session, name: Annotated[str, typer.Argument(help="Name of the event.", show_default=False)]
) -> None:
    """Show the definition of an event."""
    catalogue = _catalogue(session)
    found = [event for event in catalogue.events if event.name == name]
    if not found:
        names = [event.name for event in catalogue.events]
        near = difflib.get_close_matches(name, names, n=3) or [each for each in names if name in each][:3]
        raise Refusal(
            f"the catalogue does not declare {name}", f"did you mean {' or '.join(near)}?" if near else "see `list`"
        )
    session.output.answer(lambda: {"event": plain(found[0])}, lambda output: show_event(output, catalogue, found[0]))


@command(catalog, "export")
def export_catalogue(
    session: Session,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write the catalogue as YAML."""
    request = pb2.ExportCatalogueRequest(environment=session.environment)
    answer = session.call(session.catalogue.ExportCatalogue, request)
    if file is None:
        session.output.answer(lambda: plain(answer), lambda output: output.verbatim(answer.yaml))
        return
    write_document(file, answer.yaml)
    session.output.answer(lambda: {"file": str(file)}, lambda output: output.line(f"written to {file}"))


@command(catalog, "import")
def import_catalogue(
    session: Session,
    file: Annotated[Path, typer.Argument(help="YAML as `export` writes it; - reads stdin.", show_default=False)],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Make the catalogue as a YAML file says, all or nothing, after showing what changes."""
    request = pb2.ImportCatalogueRequest(environment=session.environment, yaml=read_document(file), dry_run=True)
    plan = session.call(session.catalogue.ImportCatalogue, request, timeout_seconds=_READING_SECONDS)
    if dry_run or not plan.changes:
        session.output.answer(
            lambda: {**plain(plan), "applied": False},
            lambda output: show_changes(output, plan.changes) if plan.changes else output.line("nothing would change"),
        )
        return
    if not session.output.as_json:
        show_changes(session.output, plan.changes)
    ask(session.output, f"apply {len(plan.changes)} changes to {session.environment or 'the environment'}?", yes=yes)
    request.dry_run = False
    # What was shown is one version above what is stored.
    request.expected_version = plan.catalogue.version - 1
    done = session.call(session.catalogue.ImportCatalogue, request, timeout_seconds=_READING_SECONDS)
    session.output.answer(
        lambda: {**plain(done), "applied": True},
        lambda output: output.line(f"{len(done.changes)} changes applied, catalogue version {done.catalogue.version}"),
    )


@command(catalog, "coverage")
def get_coverage(
    session: Session,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back, today included.")] = 7,
) -> None:
    """Show which declared events were seen, which undeclared, and which violate their definition."""
    request = pb2.GetCoverageRequest(environment=session.environment, days=days)
    coverage = session.call(session.catalogue.GetCoverage, request)

    def show(output: Output) -> None:
        show_coverage(output, coverage)

    session.output.answer(lambda: plain(coverage), show)


def _catalogue(session: Session) -> pb2.Catalogue:
    request = pb2.GetCatalogueRequest(environment=session.environment)
    return session.call(session.catalogue.GetCatalogue, request).catalogue
