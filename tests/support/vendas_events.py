"""What the demo's catalogue says of the example backend's events."""

from collections.abc import Iterable
from importlib.resources import files

from mirante.telemetry.event import build_event
from mirante.testing import Tracked

from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge

CATALOGUE = read_catalogue((files("services.telemetry.demo") / "catalogue.yaml").read_text())
EXPOSURE = "flag_exposta"
"""Comes from the client, not from the backend's own code."""


def declared() -> set[str]:
    """Return the names of the events that the backend declares."""
    return {event.name for event in CATALOGUE.events if "backend" in event.sources}


def properties_of(name: str) -> set[str]:
    """Return the names of all properties that an event declares."""
    [definition] = [event for event in CATALOGUE.events if event.name == name]
    return {each.name for each in definition.properties}


def violations(tracked: Iterable[Tracked]) -> list[str]:
    """Return what the catalogue finds wrong with events, undeclared ones included."""
    judge, wrong = CatalogueJudge(CATALOGUE, b"s" * 32, "production"), []
    known = {event.name for event in CATALOGUE.events}
    for call in tracked:
        if call.kind != "track":
            continue
        event = build_event(call.name, call.properties, user_id=call.user_id, tenant=call.tenant)
        violation = judge.judge(event).violation
        if violation is not None or call.name not in known:
            wrong.append(f"{call.name}: {violation}")
    return wrong
