"""What `flags watch` says about transfers."""

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.cli.flags.changes import Change, Rules

FULL = sync_pb2.TRANSFER_INTENT_FULL
CHANGES = sync_pb2.TRANSFER_INTENT_CHANGES


def flag(key: str, version: int, *, on: bool = True, kill: flag_pb2.Kill | None = None) -> flag_pb2.Flag:
    """Return a flag that serves one variant."""
    return flag_pb2.Flag(key=key, version=version, on=on, kill=kill, fallthrough=flag_pb2.Serve(variant="on"))


def said(changes: list[Change] | None) -> list[tuple[str, str, str, str]]:
    """Return what a person reads."""
    return [(change.kind, change.key, change.what, change.detail) for change in changes or []]


def test_first_transfer_is_everything() -> None:
    """All of it is new."""
    rules = Rules()
    changes = rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)], segments=[flag_pb2.Segment(key="s")]))
    assert said(changes) == [("flag", "a", "created", "on"), ("segment", "s", "created", "")]


def test_changes_are_told_apart() -> None:
    """Kill, restore, switch and other edits have their own words."""
    rules = Rules()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)]))
    kill = flag_pb2.Kill(by="ana", reason="erro no checkout", at=Timestamp(seconds=1))
    steps = [flag("a", 2, kill=kill), flag("a", 3), flag("a", 4, on=False), flag("a", 5, on=False)]
    told = [said(rules.apply(sync_pb2.Transfer(intent=CHANGES, flags=[step])))[0][2:] for step in steps]
    assert told == [
        ("killed", "by ana: erro no checkout"),
        ("restored", "on"),
        ("switched off", "version 4"),
        ("changed", "version 5"),
    ]


def test_new_split_is_shown() -> None:
    """A ramp is what people watch for."""
    rules = Rules()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)]))
    ramped = flag("a", 2)
    ramped.fallthrough.rollout.splits.add(variant="on", weight=25_000)
    ramped.fallthrough.rollout.splits.add(variant="off", weight=75_000)
    changes = rules.apply(sync_pb2.Transfer(intent=CHANGES, flags=[ramped]))
    assert said(changes) == [("flag", "a", "changed", "version 2, now on 25%, off 75%")]


def test_parts_count_together() -> None:
    """Nothing is said before the last part."""
    rules = Rules()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("old", 1)]))
    first = sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)], more=True)
    assert rules.apply(first) is None
    assert list(rules.flags) == ["old"]
    changes = rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("b", 1)]))
    assert said(changes) == [
        ("flag", "a", "created", "on"),
        ("flag", "b", "created", "on"),
        ("flag", "old", "archived", ""),
    ]


def test_parts_of_a_broken_stream_are_forgotten() -> None:
    """The next stream starts its transfer anew."""
    rules = Rules()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)], more=True))
    rules.forget_parts()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("b", 1)]))
    assert list(rules.flags) == ["b"]


def test_removed_is_archived() -> None:
    """Flags and segments alike."""
    rules = Rules()
    rules.apply(sync_pb2.Transfer(intent=FULL, flags=[flag("a", 1)], segments=[flag_pb2.Segment(key="s", version=1)]))
    gone = sync_pb2.Transfer(intent=CHANGES, removed_flags=["a"], removed_segments=["s", "never there"])
    assert said(rules.apply(gone)) == [("flag", "a", "archived", ""), ("segment", "s", "archived", "")]
