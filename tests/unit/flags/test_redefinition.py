"""Which fields of a flag callers decide, and which the service keeps."""

import itertools

import pytest
from hypothesis import given
from mirante.api.flags.v1 import flag_pb2

from services.flags.redefinition import created, redefined, transplanted
from services.runtime.errors import InvalidRequest
from tests.support.flag_store import bool_flag
from tests.support.flag_strategies import SETTINGS, flags


def salts() -> itertools.chain[str]:
    """Return s0, s1, ..."""
    return itertools.chain(f"s{number}" for number in itertools.count())


def test_salts_are_made_unless_they_are_brought() -> None:
    """Each of the two by itself."""
    made = salts()
    assert created(bool_flag("a"), lambda: next(made)).bucketing == flag_pb2.Bucketing(
        salt="s0", coverage_salt="s1", hash_version=1
    )
    half = bool_flag("a", bucketing=flag_pb2.Bucketing(coverage_salt="mine"))
    assert created(half, lambda: next(made)).bucketing == flag_pb2.Bucketing(
        salt="s2", coverage_salt="mine", hash_version=1
    )


def test_a_flag_is_not_born_killed() -> None:
    """Wherever its definition comes from; and the definition given stays as it was."""
    source = bool_flag("a", kill=flag_pb2.Kill(reason="x"))
    assert not created(source, lambda: "s").HasField("kill")
    assert source.HasField("kill")


@SETTINGS
@given(flags("f"), flags("f"))
def test_what_is_frozen_stays(current: flag_pb2.Flag, given_: flag_pb2.Flag) -> None:
    """Another type is refused; else salts, kill state and version are those of before, and all the rest is new."""
    current.kill.reason, current.version, given_.version = "fogo", 7, 900
    given_.ClearField("bucketing")
    if given_.type != current.type:
        with pytest.raises(InvalidRequest):
            redefined(current, given_)
        return
    found = redefined(current, given_)
    assert (found.bucketing, found.kill, found.version) == (current.bucketing, current.kill, 7)
    for name in ("bucketing", "kill", "version"):
        found.ClearField(name)
        given_.ClearField(name)
    assert found == given_


@SETTINGS
@given(flags("f"), flags("f"))
def test_a_transplanted_flag_stays_on_or_off(current: flag_pb2.Flag, source: flag_pb2.Flag) -> None:
    """Everything else that people decide comes from the other environment."""
    source.type = current.type
    found = transplanted(current, source)
    assert (found.on, found.bucketing, found.description) == (current.on, current.bucketing, source.description)


def test_ids_of_rules_follow_from_their_content() -> None:
    """The same rule gets the same id each time, and equal rules different ones; given ids stay."""
    rule = flag_pb2.Rule(description="todos", serve=flag_pb2.Serve(variant="on"))
    flag = bool_flag("a", rules=[rule, flag_pb2.Rule(id="mine"), rule])
    first, second = created(flag, lambda: "s"), created(flag, lambda: "s")
    ids = [each.id for each in first.rules]
    assert ids == [each.id for each in second.rules]
    assert len(set(ids)) == 3
    assert ids[1] == "mine"
    assert all(len(each) == 8 for each in (ids[0], ids[2]))
    assert [each.id for each in created(first, lambda: "s").rules] == ids


def test_what_is_unknown_here_is_not_stored() -> None:
    """It could not be checked."""
    flag = flag_pb2.Flag.FromString(bool_flag("a").SerializeToString() + b"\xfa\x7f\x01x")
    assert len(flag.SerializeToString()) > len(bool_flag("a").SerializeToString())
    assert redefined(bool_flag("a"), flag) == redefined(bool_flag("a"), bool_flag("a"))
    assert redefined(bool_flag("a"), flag).SerializeToString(deterministic=True) == redefined(
        bool_flag("a"), bool_flag("a")
    ).SerializeToString(deterministic=True)
