"""`mirante analytics status | rebuild`."""

import typer
from mirante.api.metrics.v1 import analytics_store_service_pb2 as pb2

from services.cli.command import command
from services.cli.output import Output, local_time
from services.cli.plain import plain
from services.cli.session import Session

storing = typer.Typer()


@command(storing, "status")
def status(session: Session) -> None:
    """Show how far the log is in the store that reports are made from."""
    request = pb2.GetAnalyticsStoreRequest(environment=session.environment)
    store = session.call(session.analytics_store.GetAnalyticsStore, request).store
    session.output.answer(lambda: plain(store), lambda output: _show(output, store))


@command(storing, "rebuild")
def rebuild(session: Session) -> None:
    """Make the store anew from the log and its archives; until that is done the old one answers."""
    request = pb2.RebuildAnalyticsStoreRequest(environment=session.environment)
    session.call(session.analytics_store.RebuildAnalyticsStore, request)
    session.output.answer(dict, lambda output: output.line("asked for; `mirante analytics status` shows how far it is"))


def _show(output: Output, store: pb2.AnalyticsStore) -> None:
    if not store.HasField("answering"):
        output.remark("no store answers yet")
    for name, build in (("answering", store.answering), ("being made", store.making)):
        if build.id:
            output.line(f"{name}: {build.id}")
            output.facts(_facts(build))


def _facts(build: pb2.AnalyticsBuild) -> list[tuple[str, str]]:
    until = local_time(build.complete_until) or "not caught up yet"
    return [
        ("events", f"{build.events:,}"),
        ("tenants", f"{build.tenants:,}"),
        ("entries of the log", f"{build.log_entries:,}"),
        ("complete until", until if build.at_end else f"{until}, catching up"),
        ("segments", f"{build.segments:,}"),
        ("size", f"{build.size_bytes / 1_000_000:,.1f} MB"),
    ]
