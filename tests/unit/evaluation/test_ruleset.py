import gc

import pytest
from mirante import evaluation
from mirante.evaluation import EvaluationError, FlagType, Reason, Ruleset, Segment, Stamp
from mirante.evaluation.model import Bucketing, Operator

from tests.unit.evaluation.definitions import (
    NOW,
    STAMP,
    condition,
    flag,
    in_segment,
    members,
    needs,
    rollout,
    rule,
    ruleset,
)

NEXT = Stamp(8, "lineage")


def answers(rules: Ruleset, *keys: str) -> dict[str, tuple[Reason, str, int]]:
    """Reason, variant and revision of each flag."""
    found = {key: evaluation.evaluate(rules, key, {"targeting_key": "ana"}, NOW) for key in keys}
    return {key: (each.reason, each.variant, each.revision) for key, each in found.items()}


def test_replacing_one_flag_compiles_one_flag() -> None:
    """Everything else is the very same compiled object, although it refers to what changed."""
    before = ruleset(flag("a"), flag("b", prerequisites=(needs("a"),)), Segment("s"), Segment("t"))
    after = before.replaced(stamp=NEXT, flags=[flag("a", on=False)], segments=[Segment("t", version=2)])
    assert after.flags["a"] is not before.flags["a"]
    assert after.flags["b"] is before.flags["b"]
    assert after.segments["s"] is before.segments["s"]
    assert (after.segments["t"].version, before.segments["t"].version) == (2, 1)
    assert after.stamp is NEXT


def test_old_ruleset_stays_as_it_is() -> None:
    """Whoever still holds the old ruleset gets the old answers with the old revision."""
    before = ruleset(flag("a"), flag("b", prerequisites=(needs("a"),)), flag("c"))
    old = answers(before, "a", "b", "c", "d")
    after = before.replaced(stamp=NEXT, flags=[flag("a", killed=True), flag("d")], removed_flags=["c"])
    assert answers(after, "a", "b", "c", "d") == {
        "a": (Reason.KILLED, "off", 8),
        "b": (Reason.PREREQUISITE_FAILED, "off", 8),
        "c": (Reason.ERROR, "", 8),
        "d": (Reason.STATIC, "on", 8),
    }
    assert answers(before, "a", "b", "c", "d") == old
    assert old["d"] == (Reason.ERROR, "", 7)


def test_removing_flags_and_segments() -> None:
    """What is removed is gone, what was never there may be removed."""
    asks = flag("a", fallthrough="off", rules=(rule("on", in_segment("s")),))
    before = ruleset(asks, flag("b"), Segment("s", included=(members("ana"),)))
    after = before.replaced(stamp=NEXT, removed_flags=["b", "x"], removed_segments=["s", "y"])
    assert (set(after.flags), set(after.segments)) == ({"a"}, set())
    assert (answers(before, "a")["a"][1], answers(after, "a")["a"][1]) == ("on", "off")
    assert evaluation.evaluate(after, "b", {}, NOW).error is EvaluationError.FLAG_NOT_FOUND


def test_what_is_removed_and_named_is_there() -> None:
    """A full transfer removes everything and names what stays."""
    before = ruleset(flag("a"), Segment("s"))
    after = before.replaced(
        stamp=NEXT, removed_flags=["a"], flags=[flag("a", on=False)], removed_segments=["s"], segments=[Segment("s")]
    )
    assert answers(after, "a")["a"] == (Reason.OFF, "off", 8)
    assert set(after.segments) == {"s"}


BROKEN = [
    (flag("a", bucketing=Bucketing("x", "y", 2)), "bucketing.hash_version: this version knows 1 only"),
    (flag("a", fallthrough="lost"), "variants: there is no variant 'lost'"),
    (flag("a", on=False, off_variant="lost"), "variants: there is no variant 'lost'"),
    (flag("a", fallthrough=rollout({"on": 1})), "splits: the weights do not sum to 100000"),
    (flag("a", rules=(rule("on", condition("a", Operator.LESS)),)), "rules[rule].conditions: needs 1 number"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN, ids=[why for _, why in BROKEN])
def test_broken_flag_fails_alone(broken: evaluation.Flag, why: str) -> None:
    """A definition that cannot be compiled answers why; its neighbours go on."""
    rules = ruleset(broken, flag("b"))
    failed = evaluation.evaluate(rules, "a", {}, NOW)
    assert (failed.reason, failed.error, failed.error_message) == (
        Reason.ERROR,
        EvaluationError.INVALID_DEFINITION,
        why,
    )
    assert answers(rules, "b")["b"] == (Reason.STATIC, "on", 7)
    assert dict(rules.broken) == {"a": why}


def test_broken_flag_takes_the_place_of_a_sound_one_and_back() -> None:
    """An old definition is never served in place of one that cannot be read."""
    sound = ruleset(flag("a"))
    told = sound.replaced(stamp=NEXT, broken={"a": "unknown flag type 9"})
    failed = evaluation.evaluate(told, "a", {}, NOW)
    assert (failed.error, failed.error_message) == (EvaluationError.INVALID_DEFINITION, "unknown flag type 9")
    compiled = sound.replaced(stamp=NEXT, flags=[flag("a", fallthrough="lost")])
    assert evaluation.evaluate(compiled, "a", {}, NOW).error is EvaluationError.INVALID_DEFINITION
    for unsound in (told, compiled):
        mended = unsound.replaced(stamp=NEXT, flags=[flag("a", on=False)])
        assert (answers(mended, "a")["a"], dict(mended.broken)) == ((Reason.OFF, "off", 8), {})
        removed = unsound.replaced(stamp=NEXT, removed_flags=["a"])
        assert evaluation.evaluate(removed, "a", {}, NOW).error is EvaluationError.FLAG_NOT_FOUND
    assert answers(sound, "a")["a"] == (Reason.STATIC, "on", 7)


def test_mended_segment() -> None:
    """A segment that becomes readable answers again; the flags that ask are not compiled again."""
    asks = flag("a", fallthrough="off", rules=(rule("on", in_segment("s")),))
    broken = ruleset(asks).replaced(stamp=STAMP, broken_segments={"s": "unknown operator 99"})
    mended = broken.replaced(stamp=NEXT, segments=[Segment("s", included=(members("ana"),))])
    assert (answers(broken, "a")["a"], answers(mended, "a")["a"]) == ((Reason.ERROR, "", 7), (Reason.RULE, "on", 8))
    assert mended.flags["a"] is broken.flags["a"]


def test_empty_ruleset() -> None:
    """No flag exists in it."""
    failed = evaluation.evaluate(Ruleset.empty(STAMP), "a", {}, NOW)
    assert (failed.flag_key, failed.reason, failed.error) == ("a", Reason.ERROR, EvaluationError.FLAG_NOT_FOUND)
    assert (failed.error_message, failed.value, failed.variant, failed.flag_version) == (
        "flag_key: no such flag",
        None,
        "",
        0,
    )


def test_with_stamp_changes_the_stamp_alone() -> None:
    """Rules that may be out of date are the same rules."""
    rules = ruleset(flag("a"), Segment("s"))
    stale = rules.with_stamp(Stamp(7, "lineage", stale=True))
    assert stale.flags["a"] is rules.flags["a"]
    found = [evaluation.evaluate(each, "a", {}, NOW) for each in (rules, stale)]
    assert [(each.value, each.stale) for each in found] == [(True, False), (True, True)]


def test_compiled_flag_shows_what_listings_need() -> None:
    """Key, type, version and visibility are there without the definition."""
    rules = ruleset(flag("a", version=5, client_visible=True))
    compiled = rules.flags["a"]
    assert (compiled.key, compiled.type, compiled.version, compiled.client_visible) == ("a", FlagType.BOOL, 5, True)


@pytest.mark.parametrize("enabled", [True, False])
def test_collector_is_left_as_it_was(enabled: bool) -> None:
    """Compiling many flags pauses the garbage collector and restores what the program had chosen."""
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        ruleset(*[flag(f"f{number}") for number in range(10)], flag("a", fallthrough="lost"))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
