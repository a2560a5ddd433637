"""Differences between versions, as people read them."""

from hypothesis import given
from mirante.api.flags.v1 import flag_pb2

from services.flags.flags_yaml import read_definitions
from services.flags.history_diff import FieldChange, field_changes
from tests.support.flag_store import bool_flag
from tests.support.flag_strategies import SETTINGS, flags


def flag(body: str) -> flag_pb2.Flag:
    """Return the flag of a body in one line."""
    return read_definitions(f"flags: {{f: {{on: true, {body}}}}}").flags["f"]


@SETTINGS
@given(flags())
def test_nothing_differs_from_itself(wanted: flag_pb2.Flag) -> None:
    """Whatever the flag."""
    assert field_changes(wanted, wanted) == []


@SETTINGS
@given(flags("f"), flags("f"))
def test_what_differs_shows(before: flag_pb2.Flag, after: flag_pb2.Flag) -> None:
    """Two definitions that are not equal never look equal; salts and version apart, which nobody edits."""
    after.bucketing.CopyFrom(before.bucketing)
    assert bool(field_changes(before, after)) == (before != after)


def test_elements_go_by_their_names() -> None:
    """A rule that is put in front of another leaves that one out of it."""
    premium = "{id: premium, serve: {rollout: {coverage: 10%, splits: {on: 100%}}}}"
    before = flag(f"rules: [{premium}]")
    after = flag(f"rules: [{{id: sul, serve: on}}, {premium.replace('10%', '25%')}]")
    assert field_changes(before, after) == [
        FieldChange("rules[premium].serve.rollout.coverage", "10%", "25%"),
        FieldChange("rules[sul].id", "", "sul"),
        FieldChange("rules[sul].serve", "", "on"),
    ]


def test_another_order_of_rules_shows() -> None:
    """The first that matches wins, so it matters."""
    rules = ["{id: a, serve: on}", "{id: b, serve: off}"]
    before, after = flag(f"rules: [{', '.join(rules)}]"), flag(f"rules: [{', '.join(reversed(rules))}]")
    assert field_changes(before, after) == [FieldChange("rules", '["a", "b"]', '["b", "a"]')]


def test_members_come_and_go_one_by_one() -> None:
    """Of a long list only what differs is shown."""
    before = flag("targets: [{attribute: tenant_id, variant: on, values: [a, b, c]}]")
    after = flag("targets: [{attribute: tenant_id, variant: on, values: [a, d, c]}]")
    assert field_changes(before, after) == [
        FieldChange("targets[tenant_id on].values[b]", "b", ""),
        FieldChange("targets[tenant_id on].values[d]", "", "d"),
    ]


def test_kill_and_archive_show() -> None:
    """Though no YAML holds them."""
    before, after = bool_flag("f"), bool_flag("f")
    after.kill.by, after.kill.reason = "ana", "fogo"
    assert field_changes(before, after, archived=True) == [
        FieldChange("kill.by", "", "ana"),
        FieldChange("kill.reason", "", "fogo"),
        FieldChange("archived", "", "true"),
    ]
    assert field_changes(after, after, was_archived=True) == [FieldChange("archived", "true", "")]


def test_differences_are_bounded() -> None:
    """Ten thousand members make two hundred lines and a number; a long text is cut."""
    members = ", ".join(f"t{n}" for n in range(1_000))
    found = field_changes(flag("tags: []"), flag(f"targets: [{{attribute: t, variant: on, values: [{members}]}}]"))
    assert len(found) == 201
    assert found[-1] == FieldChange("...", "", "802 more")
    (text,) = field_changes(flag(""), flag(f"description: {'x' * 1_500}"))
    assert text.after == "x" * 1_000 + "..."
