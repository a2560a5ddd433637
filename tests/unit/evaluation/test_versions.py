import itertools

import pytest
from mirante.evaluation.versions import Precedence, caret_end, precedence, tilde_end

# semver.org, section 11, in rising order: the pre-releases alpha to rc.1 are its own example, "-" is an alphanumeric
# identifier and so comes after all numeric ones.
RISING = [
    "0.0.1",
    "0.1.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0--",
    "1.0.0-A",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "10.0.0",
]


def key(text: str) -> Precedence:
    """The sort key of what has to be a version."""
    parsed = precedence(text)
    assert parsed is not None
    return parsed


def test_order_is_that_of_the_specification() -> None:
    """Each version comes before all that follow it in the specification's order."""
    for lower, higher in itertools.combinations(RISING, 2):
        assert (lower, higher, key(lower) < key(higher), key(higher) < key(lower)) == (lower, higher, True, False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0.0+build.1", "1.0.0+build.2"),
        ("1.0.0-rc.1+exp.sha.5114f85", "1.0.0-rc.1"),
        ("v1.2.3", "1.2.3"),
        ("V1.2.3", "1.2.3"),
        ("1.2", "1.2.0"),
        ("1", "1.0.0"),
        ("v2-beta", "2.0.0-beta"),
    ],
)
def test_equal_precedence(one: str, other: str) -> None:
    """Build metadata does not count, a leading "v" is dropped, missing parts are 0."""
    assert key(one) == key(other)


NO_VERSIONS = [
    *("", "v", "1.", "1.2.", ".1", "1.2.3.4", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.x", "a.b.c", " 1.2.3", "1.2.3\n"),
    *("-1.0.0", "1.2.3-ação", "١.2.3", "1.2.3-" + "9" * 5000, "1" * 300),
]


@pytest.mark.parametrize("text", NO_VERSIONS, ids=lambda text: ascii(text)[:20])
def test_what_is_no_version(text: str) -> None:
    """None of these is a version, and none raises."""
    assert precedence(text) is None


@pytest.mark.parametrize(
    ("version", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3", "1.2.4", "1.2.99"], ["1.2.3-rc.1", "1.2.2", "1.3.0", "1.3.0-alpha", "2.2.3"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.1.9", "1.3.0"]),
        ("1", ["1.0.0", "1.0.9"], ["1.1.0"]),
        ("1.2.3-beta.2", ["1.2.3-beta.2", "1.2.3-rc.1", "1.2.3", "1.2.9"], ["1.2.3-beta.1", "1.3.0"]),
    ],
)
def test_tilde(version: str, inside: list[str], outside: list[str]) -> None:
    """At least the version, and below the next minor one, whose pre-releases are not below it."""
    low, end = key(version), tilde_end(key(version))
    assert [text for text in inside + outside if low <= key(text) < end] == inside


@pytest.mark.parametrize(
    ("version", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "1.2.3-rc.1", "2.0.0", "2.0.0-alpha"]),
        ("0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0", "0.3.0-alpha", "1.0.0"]),
        ("0.0.3", ["0.0.3"], ["0.0.2", "0.0.4", "0.0.4-alpha", "0.1.0"]),
        ("0", ["0.0.0"], ["0.0.1", "0.1.0", "1.0.0"]),
    ],
)
def test_caret(version: str, inside: list[str], outside: list[str]) -> None:
    """At least the version, and below the next change of the leftmost part that is not zero."""
    low, end = key(version), caret_end(key(version))
    assert [text for text in inside + outside if low <= key(text) < end] == inside
