"""What a socket says: who it is at first, later a newer token. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from services.gateway.http.problems import INVALID_MESSAGE, Problem

MOST_CHARACTERS: Final = 8_192

_HELLO_FIELDS: Final = frozenset({"type", "key", "token", "environment", "received"})
_RENEW_FIELDS: Final = frozenset({"type", "token"})


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. `received` is the position of the last message that the client has, after a reconnect."""

    key: str = field(repr=False)
    token: str = field(repr=False)
    environment: str = ""
    received: str = ""


@dataclass(frozen=True, slots=True)
class Renew:
    """A newer token of the same user."""

    token: str = field(repr=False)


def read_hello(text: str) -> Hello:
    """Return the first message; raise `Problem` when it is none."""
    found = _read(text, "hello", _HELLO_FIELDS)
    return Hello(
        _text(found, "key"), _text(found, "token"), _text(found, "environment", ""), _text(found, "received", "")
    )


def read_renew(text: str) -> Renew:
    """Return a later message; raise `Problem` when it is none."""
    return Renew(_text(_read(text, "renew", _RENEW_FIELDS), "token"))


def _read(text: str, kind: str, fields: frozenset[str]) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise _malformed(f"message: is longer than {MOST_CHARACTERS} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed("message: is not JSON") from None
    if not isinstance(found, dict) or found.get("type") != kind:
        raise _malformed(f"message: must be an object of type {kind}")
    if found.keys() - fields:
        raise _malformed(f"message: has fields that a {kind} has not")
    return found


def _text(found: dict[str, Any], name: str, default: str | None = None) -> str:
    value = found.get(name, default)
    if value is None:
        raise _malformed(f"{name}: is required")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise _malformed(f"{name}: must be a text")
    return value


def _malformed(detail: str) -> Problem:
    return Problem(400, INVALID_MESSAGE, detail)
