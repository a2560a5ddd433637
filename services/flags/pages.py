"""Cutting lists into pages."""

import base64
import binascii
from typing import Final

from services.flags.texts import is_key
from services.runtime.errors import InvalidRequest

_LONGEST_TOKEN: Final = 300


def page_size(asked: int, *, default: int, most: int) -> int:
    """Return how many to show; raise `InvalidRequest` for too many."""
    if asked > most:
        raise InvalidRequest.of("page_size", f"may be {most} at most, got {asked}")
    return asked or default


def page_token(last: str) -> str:
    """Return what the caller sends back for the page that begins after `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def last_key(token: str) -> str:
    """Return the key after which a page begins, "" for the first page; raise `InvalidRequest` for a wrong token."""
    if not token:
        return ""
    key = _decoded(token)
    if not is_key(key):
        raise _wrong_token()
    return key


def last_version(token: str) -> int | None:
    """Return the version before which a page begins, None for the first; raise `InvalidRequest` for a wrong token."""
    if not token:
        return None
    text = _decoded(token)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _wrong_token()
    return int(text)


def _decoded(token: str) -> str:
    if len(token) > _LONGEST_TOKEN:
        raise _wrong_token()
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _wrong_token() from None


def _wrong_token() -> InvalidRequest:
    return InvalidRequest.of("page_token", "was not issued by this service, or was damaged")
