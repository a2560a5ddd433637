"""What an import would change, from what is stored and what is wanted."""

import datetime

from hypothesis import given
from hypothesis import strategies as st
from mirante.api.flags.v1 import flag_pb2

from services.flags.flag_import import plan_import
from services.flags.flags_yaml import Definitions, read_definitions, write_definitions
from services.flags.store import Kind
from services.flags.store.records import Action, Definition, Record, kind_of, serialised
from tests.support.flag_store import segment
from tests.support.flag_strategies import SETTINGS, flags, segments

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
Stored = dict[tuple[Kind, str], Record]


def stored(*definitions: Definition, archived: bool = False) -> Stored:
    """Return definitions as they are stored."""
    return {
        (kind_of(each), each.key): Record(
            kind_of(each), each.key, each.version, 1, archived, serialised(each), NOW, NOW, "ana"
        )
        for each in definitions
    }


def planned(before: Stored, wanted: Definitions, *, prune: bool = False) -> list[tuple[str, str, Action]]:
    """Return kind, key and action of everything that would change."""
    plan = plan_import(before, wanted, prune=prune, make_salt=lambda: "never")
    return [(each.kind.value, each.key, each.action) for each in plan]


@SETTINGS
@given(st.lists(flags(), unique_by=lambda flag: flag.key, max_size=3), st.lists(segments(), unique_by=lambda s: s.key))
def test_an_export_plans_nothing(wanted: list[flag_pb2.Flag], groups: list[flag_pb2.Segment]) -> None:
    """Whatever the flags, killed or not, at whatever version."""
    for number, flag in enumerate(wanted):
        flag.version = number + 1
        if number % 2:
            flag.kill.reason = "fogo"
    for group in groups:
        group.version = 3
    before = stored(*wanted, *groups)
    assert planned(before, read_definitions(write_definitions(wanted, groups)), prune=True) == []


def test_each_definition_gets_what_it_needs() -> None:
    """Created, updated, brought back, left alone, and archived only when pruning is asked for."""
    before = stored(segment("same", "ana"), segment("other", "ana"), segment("unnamed", "ana"))
    before |= stored(segment("gone", "ana"), segment("long-gone", "ana"), archived=True)
    names = {"same": "ana", "other": "bia", "gone": "ana", "new": "ana"}
    wanted = Definitions({}, {key: segment(key, member) for key, member in names.items()})
    expected = [
        ("segment", "gone", Action.CREATE),
        ("segment", "new", Action.CREATE),
        ("segment", "other", Action.UPDATE),
    ]
    assert planned(before, wanted) == expected
    assert planned(before, wanted, prune=True) == [*expected, ("segment", "unnamed", Action.ARCHIVE)]
