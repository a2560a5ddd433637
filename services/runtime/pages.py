"""Cutting lists into pages."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from services.runtime.errors import InvalidRequest

_LONGEST_TOKEN: Final = 300
_LONGEST_NUMBER: Final = 18


def page_size(asked: int, *, default: int, most: int) -> int:
    """Return how many to show; raise `InvalidRequest` for too many."""
    if asked > most:
        raise InvalidRequest.of("page_size", f"may be {most} at most, got {asked}")
    return asked or default


def page_token(last: str) -> str:
    """Return what the caller sends back for the page that begins after `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def decoded(token: str) -> str:
    """Return the text that a token was made of; raise `InvalidRequest` for a wrong one."""
    if len(token) > _LONGEST_TOKEN:
        raise wrong_token()
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise wrong_token() from None


def last_key(token: str, is_key: Callable[[str], bool]) -> str:
    """Return the key after which a page begins, "" for the first page; raise `InvalidRequest` for a wrong token."""
    if not token:
        return ""
    key = decoded(token)
    if not is_key(key):
        raise wrong_token()
    return key


def last_number(token: str) -> int | None:
    """Return the number before which a page begins, None for the first; raise `InvalidRequest` for a wrong token."""
    if not token:
        return None
    text = decoded(token)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise wrong_token()
    return int(text)


def wrong_token() -> InvalidRequest:
    """Return the error for a token that cannot be ours."""
    return InvalidRequest.of("page_token", "was not issued by this service, or was damaged")
