"""Traits as they are stored: the same request gives the same bytes, and a clock that is ahead gains nothing."""

import datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import value_pb2
from mirante.wire import value_from_proto, value_to_proto

from services.runtime.errors import InvalidRequest
from services.telemetry.identity.limits import require_ids, traits_of

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.text(max_size=20).filter(lambda text: "\x00" not in text)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=4
)


def depth(value: object) -> int:
    """Return how many lists and maps lie in one another."""
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


@given(st.dictionaries(st.text(min_size=1, max_size=20).filter(lambda name: "\x00" not in name), values, max_size=5))
def test_what_is_stored_is_what_was_sent(traits: dict[str, object]) -> None:
    """Or it is refused, exactly when it is too deep; in the same bytes whatever the order of a map."""
    messages = {name: value_to_proto(value) for name, value in traits.items()}  # type: ignore[arg-type]
    if any(depth(value) > 4 for value in traits.values()):
        with pytest.raises(InvalidRequest):
            traits_of(messages, None, NOW)
        return
    stored = traits_of(messages, None, NOW)
    assert [trait.name for trait in stored] == sorted(traits)
    assert {trait.name: value_from_proto(value_pb2.Value.FromString(trait.value or b"")) for trait in stored} == traits
    backwards = {name: value_to_proto(_reversed(value)) for name, value in reversed(traits.items())}  # type: ignore[arg-type]
    assert traits_of(backwards, None, NOW) == stored


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {name: _reversed(each) for name, each in reversed(value.items())}
    return [_reversed(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("minutes", "counts_as"), [(-5, -5), (0, 0), (59, 59), (60, 60), (61, 0), (60 * 24 * 900, 0)])
def test_time_of_an_observation(minutes: int, counts_as: int) -> None:
    """Up to an hour ahead it is believed."""
    at = Timestamp()
    at.FromDatetime(NOW + datetime.timedelta(minutes=minutes))
    [trait] = traits_of({"plan": value_pb2.Value()}, at, NOW)
    assert trait.observed_at == NOW + datetime.timedelta(minutes=counts_as)


def test_all_that_is_wrong_is_told() -> None:
    """In one answer, without the ids."""
    with pytest.raises(InvalidRequest) as refused:
        require_ids(tenant="t" * 101, user_id="", anonymous_id="a\x00")
    assert [violation.field for violation in refused.value.violations] == ["tenant", "user_id", "anonymous_id"]


def test_field_of_a_newer_contract_is_not_stored() -> None:
    """It could not be checked."""
    value = value_pb2.Value.FromString(value_pb2.Value(string_value="x").SerializeToString() + b"\xfa\x01\x03abc")
    [trait] = traits_of({"plan": value}, None, NOW)
    assert trait.value == value_pb2.Value(string_value="x").SerializeToString()
