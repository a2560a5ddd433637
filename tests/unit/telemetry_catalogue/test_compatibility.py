"""Which changes of a catalogue break what was valid, and which are allowed."""

import pytest
from hypothesis import given
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import StateConflict
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.compatibility import Change, changes_between, require_compatible
from tests.support.flag_strategies import SETTINGS
from tests.support.telemetry_catalogue import catalogues, reason_of


def event_with(properties: str, more: str = "") -> str:
    """Return a catalogue with one event."""
    return f"events: {{a: {{{more}properties: {{{properties}}}}}}}"


def changes(before: str, after: str) -> list[Change]:
    """Return what changes between two documents."""
    return changes_between(read_catalogue(before), read_catalogue(after))


BREAKING = [
    ("x: string", "x: string, y: {type: string, required: true}", "properties.y: added, required"),
    ("x: string", "x: {type: string, required: true}", "properties.x: now required"),
    ("x: string", "x: integer", "properties.x.type: string -> integer"),
    ("x: number", "x: integer", "properties.x.type: number -> integer"),
    ("x: string", "x: decimal", "properties.x.type: string -> decimal"),
    ("x: integer", "x: string", "properties.x.type: integer -> string"),
    ("x: list", "x: map", "properties.x.type: list -> map"),
    (
        "x: string",
        "x: {type: string, allowed: [a, b]}",
        "properties.x.allowed: only 2 values from now on",
    ),
    (
        "x: {type: string, allowed: [a, b]}",
        "x: {type: string, allowed: [a, c]}",
        "properties.x.allowed: 1 of 2 values removed",
    ),
]
COMPATIBLE = [
    ("x: string", "x: string, y: string", "properties.y: added"),
    ("x: {type: string, required: true}", "x: string", "properties.x: no longer required"),
    ("x: integer", "x: number", "properties.x.type: integer -> number"),
    ("x: decimal", "x: string", "properties.x.type: decimal -> string"),
    ("x: timestamp", "x: string", "properties.x.type: timestamp -> string"),
    ("x: {type: string, allowed: [a]}", "x: string", "properties.x.allowed: any value"),
    ("x: {type: string, allowed: [a]}", "x: {type: string, allowed: [b, a]}", "properties.x.allowed: 1 values added"),
    ("x: string, y: string", "y: string", "properties.x: removed"),
    ("x: string", "x: {type: string, personal_data: hash}", "properties.x.personal_data: none -> hash"),
    ("x: string", "x: {type: string, description: novo}", "properties.x.description: changed"),
    ("x: string, y: string", "y: string, x: string", "properties: in another order"),
]


@pytest.mark.parametrize(("before", "after", "says"), BREAKING)
def test_breaking_change_of_a_property_needs_a_higher_version(before: str, after: str, says: str) -> None:
    """The refusal names the event and the change; with the version raised anything goes."""
    [change] = changes(event_with(before), event_with(after))
    assert (change.event, change.text, change.breaking) == ("a", says, True)
    with pytest.raises(StateConflict, match="raise its version above 1") as refused:
        require_compatible([change])
    assert reason_of(refused.value) == "INCOMPATIBLE_CATALOGUE"
    assert f"a: {says}" in refused.value.message
    assert refused.value.metadata == {"events": "a", "changes": "1"}

    raised = changes(event_with(before), event_with(after, "version: 2, "))
    require_compatible(raised)
    assert [(each.text, each.breaking) for each in raised] == [("version: 1 -> 2", False), (says, True)]


@pytest.mark.parametrize(("before", "after", "says"), COMPATIBLE)
def test_compatible_change_of_a_property_is_told_and_allowed(before: str, after: str, says: str) -> None:
    """Whatever was valid stays valid."""
    [change] = changes(event_with(before), event_with(after))
    assert (change.text, change.breaking) == (says, False)
    require_compatible([change])


def test_property_taken_from_a_strict_event_is_breaking() -> None:
    """Who still sends it would be refused: it is not declared any more."""
    [change] = changes(event_with("x: string", "policy: strict, "), event_with("", "policy: strict, "))
    assert (change.text, change.breaking) == ("properties.x: removed", True)
    with pytest.raises(StateConflict):
        require_compatible([change])


@pytest.mark.parametrize(
    ("before", "after", "remedy"),
    [
        # Its own policy, and the one that it has from the catalogue.
        ("events: {a: {}}", "events: {a: {policy: strict}}", "raise its version above 1"),
        ("events: {a: {}}", "policy: strict\nevents: {a: {}}", "raise its version above 1"),
        ("policy: strict\nevents: {a: {}}", "policy: strict\nevents: {}", "make it open before you remove it"),
        ("events: {a: {version: 3}}", "events: {a: {version: 2}}", "a version never goes down"),
    ],
)
def test_breaking_change_of_an_event(before: str, after: str, remedy: str) -> None:
    """Refused, with what would allow it."""
    with pytest.raises(StateConflict) as refused:
        require_compatible(changes(before, after))
    assert refused.value.message.startswith("a: ")
    assert remedy in refused.value.message


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ("events: {}", "events: {a: {}}", [("a", "added")]),
        ("events: {a: {}}", "events: {}", [("a", "removed")]),
        ("events: {a: {policy: strict}}", "events: {}", [("a", "removed")]),
        ("events: {a: {policy: strict}}", "events: {a: {}}", [("a", "policy: strict -> open")]),
        ("events: {a: {policy: open}}", "events: {a: {}}", [("a", "policy: that of the catalogue")]),
        ("events: {a: {}}", "events: {a: {owner: x}}", [("a", "owner: changed")]),
        ("events: {a: {}}", "events: {a: {sources: [backend]}}", [("a", "sources: backend")]),
        ("events: {a: {}}", "events: {a: {stamps_trait: t}}", [("a", "stamps_trait: changed")]),
        ("events: {a: {}, b: {}}", "events: {b: {}, a: {}}", [("", "events: in another order")]),
        ("policy: strict\nevents: {a: {policy: open}}", "policy: strict\nevents: {}", [("a", "removed")]),
    ],
)
def test_allowed_changes_of_events(before: str, after: str, texts: list[tuple[str, str]]) -> None:
    """All of them are told."""
    found = changes(before, after)
    require_compatible(found)
    assert [(each.event, each.text) for each in found] == texts


def test_strict_catalogue_refuses_undeclared_events_from_then_on() -> None:
    """Told as breaking, and allowed: nobody ever declared them, so there is no version to raise."""
    found = changes("events: {a: {policy: open}}", "policy: strict\nevents: {a: {policy: open}}")
    assert [(each.event, each.text, each.breaking) for each in found] == [("", "policy: open -> strict", True)]
    require_compatible(found)


def test_every_refused_change_is_named() -> None:
    """Of all events at once."""
    before = "events: {a: {properties: {x: string}}, b: {properties: {y: string}}, c: {}}"
    after = "events: {a: {properties: {x: integer}}, b: {properties: {y: {type: string, required: true}}}, c: {}}"
    with pytest.raises(StateConflict) as refused:
        require_compatible(changes(before, after))
    assert "a: properties.x.type: string -> integer" in refused.value.message
    assert "b: properties.y: now required" in refused.value.message
    assert refused.value.metadata == {"events": "a,b", "changes": "2"}


@SETTINGS
@given(catalogues())
def test_a_catalogue_does_not_differ_from_itself(catalogue: pb2.Catalogue) -> None:
    """Importing the same file twice changes nothing."""
    assert changes_between(catalogue, catalogue) == []


@SETTINGS
@given(catalogues(), catalogues())
def test_whatever_differs_is_told(before: pb2.Catalogue, after: pb2.Catalogue) -> None:
    """No change is made without a word, not even of an order."""
    assert bool(changes_between(before, after)) == (before != after)
