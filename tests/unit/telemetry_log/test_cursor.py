"""Cursors are good, or told to be not."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest
from services.telemetry.log import END, Position
from services.telemetry.log.cursor import issue, read

SECRET = b"s" * 32
EPOCH = uuid.UUID(int=7)


@given(st.integers(0, 2**63 - 1), st.integers(0, END))
def test_there_and_back(xid: int, order: int) -> None:
    """Every position comes back."""
    cursor = issue(SECRET, "production", EPOCH, Position(xid, order))
    assert read(SECRET, "production", cursor) == (EPOCH, Position(xid, order))


@given(st.binary(max_size=100))
def test_bytes_that_are_none(cursor: bytes) -> None:
    """They are refused, whatever they are."""
    with pytest.raises(InvalidRequest) as refused:
        read(SECRET, "production", cursor)
    assert refused.value.reason == reasons.ERROR_REASON_INVALID_CURSOR
    assert refused.value.violations[0].field == "cursor"


@pytest.mark.parametrize("place", range(45))
def test_any_damage_is_noticed(place: int) -> None:
    """One bit anywhere."""
    cursor = bytearray(issue(SECRET, "production", EPOCH, Position(5, 3)))
    cursor[place] ^= 1
    with pytest.raises(InvalidRequest):
        read(SECRET, "production", bytes(cursor))


def test_cursors_of_others_are_refused() -> None:
    """Of another environment or another installation, and one that is cut short."""
    cursor = issue(SECRET, "production", EPOCH, Position(5, 3))
    for secret, environment, shown in [
        (SECRET, "staging", cursor),
        (b"t" * 32, "production", cursor),
        (SECRET, "production", cursor[:-1]),
        (SECRET, "production", cursor + b"\0"),
    ]:
        with pytest.raises(InvalidRequest):
            read(secret, environment, shown)
