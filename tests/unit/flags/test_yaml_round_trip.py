"""What is written as YAML reads back as it was."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.flags.v1 import flag_pb2

from services.flags.definition_checks import violations
from services.flags.flags_yaml import read_definitions, write_definitions
from services.flags.shares import percent, weight
from services.runtime.yaml_documents.layout import Plain, block
from services.runtime.yaml_documents.nodes import Node, read_nodes
from services.runtime.yaml_documents.scalars import Scalar, resolved, written
from tests.support.flag_strategies import JSON, SETTINGS, TEXTS, flags, segments


def plain(node: Node) -> object:
    """Return what a tree holds."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(value) for value in node.value]
    return node.value


@SETTINGS
@given(st.lists(flags(), unique_by=lambda flag: flag.key, max_size=3), st.lists(segments(), unique_by=lambda s: s.key))
def test_definitions_read_back_as_they_were(wanted: list[flag_pb2.Flag], groups: list[flag_pb2.Segment]) -> None:
    """Exactly: every field of every message."""
    found = read_definitions(write_definitions(wanted, groups))
    assert list(found.flags.values()) == wanted
    assert list(found.segments.values()) == groups


@SETTINGS
@given(flags())
def test_generated_flags_hold_together(flag: flag_pb2.Flag) -> None:
    """So the round trip is tested on flags that can be stored."""
    assert violations(flag, "flag") == []


@SETTINGS
@given(st.dictionaries(TEXTS, JSON, min_size=1))
def test_any_values_read_back_as_they_were(values: dict[str, Plain]) -> None:
    """Also texts that look like something else, and keys of any length."""
    assert repr(plain(read_nodes("\n".join(block(values, 0))))) == repr(values)


def test_very_long_keys_and_texts() -> None:
    """YAML has a limit for simple keys, and none for texts."""
    values: dict[str, Plain] = {"k" * 2_000: "v" * 5_000, "é" * 1_001: {"a" * 1_500: [{"x": ["y" * 200, "z"]}, []]}}
    assert plain(read_nodes("\n".join(block(values, 2)))) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-012", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("-.inf", -math.inf),
        ("2026-01-01", "2026-01-01"),
        ("12:30:45", "12:30:45"),
        ("-7d", "-7d"),
        ("-", "-"),
        (".", "."),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Scalar) -> None:
    """No Norway problem, no dates, no sexagesimals."""
    assert (resolved(text), type(resolved(text))) == (value, type(value))


def test_what_is_no_number_is_written() -> None:
    """NaN and the infinities have their own words."""
    assert [written(value) for value in (math.nan, math.inf, -math.inf, 1e16, -0.0)] == [
        ".nan",
        ".inf",
        "-.inf",
        "1e+16",
        "-0.0",
    ]
    assert isinstance(resolved(".nan"), float)


@SETTINGS
@given(st.integers(0, 100_000))
def test_percentages_are_exact(buckets: int) -> None:
    """Every number of buckets has a percentage of its own."""
    assert weight(percent(buckets)) == buckets


def test_kill_state_is_a_comment() -> None:
    """Readers see it, importers do not; a reason cannot end the comment."""
    flag = next(iter(read_definitions("flags: {a: {on: true}}").flags.values()))
    flag.kill.by, flag.kill.reason = "ana", "um\nflags: {}\u2028x"
    flag.kill.at.FromJsonString("2026-11-23T12:00:00Z")
    text = write_definitions([flag], [])
    assert '  # killed by ana at 2026-11-23T12:00:00Z: "um\\nflags: {}\\u2028x"\n' in text
    flag.ClearField("kill")
    flag.bucketing.hash_version = 1
    found = read_definitions(text).flags["a"]
    assert (found.on, found.HasField("kill")) == (True, False)
