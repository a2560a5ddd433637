"""Definitions of events, changes and coverage in words."""

from collections.abc import Iterable

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.cli.assignments import value_text
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name

_TYPES = pb2.PropertyType.DESCRIPTOR
_MARKS = pb2.PersonalData.DESCRIPTOR


def policy_name(catalogue: pb2.Catalogue, event: pb2.EventDefinition | None = None) -> str:
    """Return "strict" or "open": of an event by its own policy if it has one, else the catalogue's."""
    own = pb2.POLICY_UNSPECIFIED if event is None else event.policy
    return "strict" if (own or catalogue.policy) == pb2.POLICY_STRICT else "open"


def show_list(output: Output, catalogue: pb2.Catalogue) -> None:
    """Print one row an event."""
    rows = [
        (
            event.name,
            f"v{event.version}",
            policy_name(catalogue, event),
            ", ".join([each.name + ("" if each.required else "?") for each in event.properties]),
            event.owner,
            ", ".join(event.sources),
            event.description,
        )
        for event in catalogue.events
    ]
    output.table(("EVENT", "VERSION", "POLICY", "PROPERTIES", "OWNER", "SOURCES", "DESCRIPTION"), rows)
    output.line(
        f"catalogue version {catalogue.version}, {policy_name(catalogue)}, "
        f"changed {local_time(catalogue.updated_at)} by {catalogue.updated_by}"
    )


def show_event(output: Output, catalogue: pb2.Catalogue, event: pb2.EventDefinition) -> None:
    """Print everything that a definition says."""
    output.line(styled(event.name, "bold"), f"  {policy_name(catalogue, event)}, version {event.version}")
    if event.description:
        output.line(event.description)
    facts = [("owner", event.owner), ("sources", ", ".join(event.sources)), ("stamps trait", event.stamps_trait)]
    output.facts([(name, text) for name, text in facts if text])
    if not event.properties:
        output.line("no properties")
        return
    output.line("")
    rows = [
        (
            each.name,
            enum_name(_TYPES, each.type),
            "required" if each.required else "",
            ", ".join([value_text(value) for value in each.allowed]),
            enum_name(_MARKS, each.personal_data) if each.personal_data else "",
            each.description,
        )
        for each in event.properties
    ]
    output.table(("PROPERTY", "TYPE", "REQUIRED", "ALLOWED", "PERSONAL DATA", "DESCRIPTION"), rows)


def show_changes(output: Output, changes: Iterable[pb2.CatalogueChange]) -> None:
    """Print one line a change, those marked that valid events may not survive."""
    for change in changes:
        mark = styled("  breaking", "bold red") if change.breaking else ""
        output.line(styled(change.event or "the catalogue", "bold"), f"  {change.change}", mark)


def show_coverage(output: Output, coverage: pb2.GetCoverageResponse) -> None:
    """Print one row a name and day, then what is missing."""
    rows = [
        (
            row.day,
            row.name,
            "declared" if row.declared else styled("undeclared", "yellow"),
            str(row.accepted),
            styled(str(row.violating), "yellow") if row.violating else "0",
            styled(str(row.dead_letters), "red") if row.dead_letters else "0",
            "; ".join(row.violations),
        )
        for row in coverage.rows
    ]
    columns = ("DAY (UTC)", "EVENT", "", "ACCEPTED", "VIOLATING", "DEAD LETTERS", "VIOLATIONS")
    if rows:
        output.table(columns, rows)
    percent = f" ({100 * coverage.seen // coverage.declared} %)" if coverage.declared else ""
    output.line(f"{coverage.seen} of {coverage.declared} declared events were seen{percent}")
    if coverage.unseen:
        output.line(f"not seen: {', '.join(coverage.unseen)}")
