"""Tokens of pages."""

import contextlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.flags.texts import is_key
from services.runtime.errors import InvalidRequest
from services.runtime.pages import last_key, last_number, page_size, page_token
from tests.support.flag_strategies import KEYS, SETTINGS


@SETTINGS
@given(KEYS)
def test_a_token_leads_back_to_its_key(key: str) -> None:
    """And no token at all to the beginning."""
    assert last_key(page_token(key), is_key) == key
    assert last_key("", is_key) == ""


@SETTINGS
@given(st.integers(1, 10**18 - 1))
def test_a_token_leads_back_to_its_version(version: int) -> None:
    """And no token at all to the newest."""
    assert last_number(page_token(str(version))) == version
    assert last_number("") is None


@SETTINGS
@given(st.text(min_size=1))
def test_any_other_text_is_refused(text: str) -> None:
    """Or happens to be a token; it never fails otherwise."""
    for read in (partial(last_key, is_key=is_key), last_number):
        with contextlib.suppress(InvalidRequest):
            read(text)


@pytest.mark.parametrize("token", [page_token("²"), page_token("1" * 19), page_token("-1"), page_token("a b")])
def test_texts_that_nearly_are_tokens(token: str) -> None:
    """Digits that are none, versions that no database holds, keys that no flag has."""
    with pytest.raises(InvalidRequest):
        last_number(token)


def test_sizes() -> None:
    """None means the default, and too many are refused rather than cut."""
    assert [page_size(asked, default=100, most=1000) for asked in (0, 1, 1000)] == [100, 1, 1000]
    with pytest.raises(InvalidRequest):
        page_size(1001, default=100, most=1000)
