"""Resume tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.watch.resume_token import issue, read
from services.runtime.errors import InvalidRequest

SECRET = b"s" * 32


@given(st.text(min_size=1, max_size=40), st.integers(0, 2**63), st.text(min_size=1, max_size=40))
def test_a_token_tells_where_its_holder_stands(environment: str, revision: int, lineage: str) -> None:
    """What was issued is read back."""
    position = (lineage, revision)
    assert read(SECRET, environment, issue(SECRET, environment, position)) == position


@given(st.binary(max_size=300))
def test_what_was_not_issued_is_refused(token: bytes) -> None:
    """No bytes but ours are a token; the refusal names the field."""
    with pytest.raises(InvalidRequest) as refused:
        read(SECRET, "production", token)
    assert refused.value.reason == reasons.ERROR_REASON_INVALID_RESUME_TOKEN
    assert [violation.field for violation in refused.value.violations] == ["subscribe.resume_token"]


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_token_is_refused(place: int, damage: int) -> None:
    """One changed byte, wherever it is, spoils the token."""
    token = bytearray(issue(SECRET, "production", ("a-lineage", 7)))
    token[place % len(token)] ^= damage
    with pytest.raises(InvalidRequest):
        read(SECRET, "production", bytes(token))


@pytest.mark.parametrize(("secret", "environment"), [(b"t" * 32, "production"), (SECRET, "staging")])
def test_a_token_holds_for_its_service_and_environment_only(secret: bytes, environment: str) -> None:
    """A token of another database, or of another environment, is none."""
    with pytest.raises(InvalidRequest):
        read(secret, environment, issue(SECRET, "production", ("a-lineage", 7)))
