"""What one change may do to an environment, as far as references go."""

from mirante.api.flags.v1 import flag_pb2

from services.flags.references import Known
from services.flags.store import Entry, Kind
from services.flags.store.records import Definition, kind_of, serialised
from tests.support.flag_store import bool_flag


def entry(definition: Definition, *, archived: bool = False) -> Entry:
    """Return a definition as it is stored."""
    return Entry(kind_of(definition), definition.key, 1, 1, archived, serialised(definition))


def needing(key: str, other: str) -> flag_pb2.Flag:
    """Return a flag that needs another."""
    return bool_flag(
        key,
        prerequisites=[flag_pb2.Prerequisite(flag_key=other, variants=["on"])],
        bucketing=flag_pb2.Bucketing(salt="a", coverage_salt="b", hash_version=1),
    )


def test_what_is_archived_is_forgotten() -> None:
    """And what changes is known as it is now; the past stays as it was."""
    first = Known().after([entry(bool_flag("a")), entry(needing("b", "a"))], lineage="l", revision=1)
    second = first.after([entry(needing("b", "a"), archived=True)], lineage="l", revision=2)
    assert (list(first.flags), list(second.flags), second.revision) == (["a", "b"], ["a"], 2)
    assert (first.users(Kind.FLAG, "a"), second.users(Kind.FLAG, "a")) == (["flag b"], [])


def test_a_change_answers_for_itself() -> None:
    """What a newer version wrote, and this one cannot read, holds up only those who refer to it now."""
    future = bool_flag("future")
    future.type = 77  # type: ignore[assignment]  # of a newer version
    known = Known().after([entry(future), entry(needing("old", "future"))], lineage="l", revision=1)
    assert list(known.flags) == ["old"]
    assert known.violations([bool_flag("new")], []) == []
    assert [each.field for each in known.violations([needing("new", "future")], [])] == [
        "flags[new].prerequisites[0].flag_key"
    ]


def test_what_a_change_breaks_elsewhere_is_its_fault() -> None:
    """By removing, or by taking a variant away."""
    known = Known().after([entry(bool_flag("a")), entry(needing("b", "a"))], lineage="l", revision=1)
    assert [each.field for each in known.violations([], [(Kind.FLAG, "a")])] == ["flags[b].prerequisites[0].flag_key"]
    without_on = bool_flag("a", fallthrough=flag_pb2.Serve(variant="off"))
    del without_on.variants[0]
    assert [each.field for each in known.violations([without_on], [])] == ["flags[b].prerequisites[0].variants"]
