from collections.abc import Iterable

from mirante.evaluation import Flag, Segment, Violation, validate_references
from mirante.evaluation.references import MAX_LOOKUPS, MAX_NESTING, segment_keys

from tests.unit.evaluation.definitions import flag, in_segment, members, needs, rule


def found(flags: Iterable[Flag] = (), segments: Iterable[Segment] = ()) -> list[Violation]:
    """What is wrong between these definitions."""
    return validate_references({each.key: each for each in flags}, {each.key: each for each in segments})


def nested(key: str, *inner: str) -> Segment:
    """A segment that holds others."""
    return Segment(key, rules=tuple([(in_segment(each),) for each in inner]))


def chain(links: int) -> list[Flag]:
    """Flags f0 to fN of which each needs the next."""
    return [*[flag(f"f{n}", prerequisites=(needs(f"f{n + 1}"),)) for n in range(links)], flag(f"f{links}")]


def test_sound_references() -> None:
    """Flags and segments that are there, shared and not, are no fault."""
    flags = [
        flag("a"),
        flag("b", prerequisites=(needs("a", "on", "off"),), rules=(rule("on", in_segment("x", "y", negate=True)),)),
        flag("c", prerequisites=(needs("a"), needs("b"))),
    ]
    assert found(flags, [nested("x", "y"), Segment("y", included=(members("ana"),))]) == []


def test_unknown_flag_and_variant() -> None:
    """A prerequisite names a flag that is there, and variants that it has."""
    flags = [flag("a", prerequisites=(needs("b", "on", "blue"), needs("missing"))), flag("b")]
    assert found(flags) == [
        Violation("flags[a].prerequisites[0].variants", "flag 'b' has no variant 'blue'"),
        Violation("flags[a].prerequisites[1].flag_key", "there is no flag 'missing'"),
    ]


def test_unknown_segment() -> None:
    """Rules of flags and of segments name segments that are there."""
    flags = [flag("a", rules=(rule("on", in_segment("x")), rule("on", in_segment("x", "lost"), rule_id="b")))]
    assert found(flags, [nested("x", "gone")]) == [
        Violation("flags[a].rules[1].conditions[0].values", "there is no segment 'lost'"),
        Violation("segments[x].rules[0].conditions[0].values", "there is no segment 'gone'"),
    ]


def test_circles_of_flags() -> None:
    """A flag that needs itself, by way of no, one or two others."""
    assert found([flag("a", prerequisites=(needs("a"),))]) == [
        Violation("flags[a].prerequisites", "goes in a circle: a -> a")
    ]
    two = [flag("a", prerequisites=(needs("b"),)), flag("b", prerequisites=(needs("a"),))]
    assert found(two) == [Violation("flags[a].prerequisites", "goes in a circle: a -> b -> a")]
    three = [flag(key, prerequisites=(needs(other),)) for key, other in ("ab", "bc", "ca")]
    assert found(three) == [Violation("flags[a].prerequisites", "goes in a circle: a -> b -> c -> a")]


def test_circle_behind_a_chain() -> None:
    """The circle is named without the way that leads to it."""
    flags = [flag(key, prerequisites=(needs(other),)) for key, other in ("ab", "bc", "cb")]
    assert found(flags) == [Violation("flags[a].prerequisites", "goes in a circle: b -> c -> b")]


def test_circles_of_segments() -> None:
    """A segment that holds itself, by way of no, one or two others, plain or negated."""
    assert found((), [nested("a", "a")]) == [Violation("segments[a].rules", "goes in a circle: a -> a")]
    two = [nested("a", "b"), Segment("b", rules=((in_segment("a", negate=True),),))]
    assert found((), two) == [Violation("segments[a].rules", "goes in a circle: a -> b -> a")]
    three = [nested("a", "x", "b"), nested("b", "c"), nested("c", "a"), Segment("x")]
    assert found((), three) == [Violation("segments[a].rules", "goes in a circle: a -> b -> c -> a")]


def test_diamond_is_no_circle() -> None:
    """Two ways to the same flag or segment are sound."""
    flags = [flag("a", prerequisites=(needs("b"), needs("c")))]
    flags += [flag(key, prerequisites=(needs("d"),)) for key in "bc"]
    assert found([*flags, flag("d")], [nested("a", "b", "c"), nested("b", "d"), nested("c", "d"), Segment("d")]) == []


def test_longest_chain() -> None:
    """A chain may have 20 links; with one more the flags at its near end are named."""
    assert found(chain(MAX_NESTING)) == []
    assert found(chain(MAX_NESTING + 1)) == [Violation("flags[f0].prerequisites", "a chain may have 20 links at most")]
    assert [each.field for each in found(chain(MAX_NESTING + 2))] == [
        "flags[f0].prerequisites",
        "flags[f1].prerequisites",
    ]
    segments = [*[nested(f"s{n}", f"s{n + 1}") for n in range(MAX_NESTING + 1)], Segment(f"s{MAX_NESTING + 1}")]
    assert found((), segments) == [Violation("segments[s0].rules", "a chain may have 20 links at most")]


def test_chain_does_not_depend_on_the_order_of_definitions() -> None:
    """Lengthened at its far end, a chain is as long as written at once."""
    assert found(reversed(chain(MAX_NESTING + 1))) == found(chain(MAX_NESTING + 1))


def test_short_chains_that_fan_out_without_end() -> None:
    """Ten levels of two flags that need both of the next level would be a thousand evaluations."""
    flags: list[Flag] = []
    for level in range(10):
        below = tuple([needs(f"{name}{level + 1}") for name in "ab"]) if level < 9 else ()
        flags += [flag(f"{name}{level}", prerequisites=below) for name in "ab"]
    description = f"may lead to {MAX_LOOKUPS} look-ups of others at most"
    assert found(flags) == [Violation(f"flags[{name}0].prerequisites", description) for name in "ab"]


def test_ten_thousand_flags_in_a_row_are_refused_in_one_walk() -> None:
    """The longest chain that somebody may import is looked at once, not once per flag."""
    assert len(found(chain(10_000))) == 10_000 - MAX_NESTING


def test_segment_keys() -> None:
    """The keys that conditions name, in their order."""
    assert segment_keys([in_segment("b", "a"), in_segment("c", negate=True)]) == ["b", "a", "c"]
