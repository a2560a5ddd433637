"""Rules for the texts of requests: keys, and what people write for people."""

import re
from collections.abc import Iterator
from typing import Final

from mirante.evaluation.model import Violation

from services.flags.store import Kind
from services.runtime.errors import InvalidRequest

MAX_COMMENT: Final = 500
MAX_DESCRIPTION: Final = 2_000

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_ENVIRONMENT = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
# The database takes no NUL, and terminals obey the others.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def is_key(text: str) -> bool:
    """Whether a flag or segment may have this key."""
    return _KEY.fullmatch(text) is not None


def is_environment(text: str) -> bool:
    """Whether an environment may have this key."""
    return _ENVIRONMENT.fullmatch(text) is not None


def text_violations(field: str, text: str, most: int, *, lines: bool = False) -> Iterator[Violation]:
    """Yield what is wrong with a text for people; with `lines` it may have several."""
    if len(text) > most:
        yield Violation(field, f"may have {most} characters at most, got {len(text)}")
    if (_CONTROL_IN_LINES if lines else _CONTROL).search(text):
        yield Violation(field, "must not have control characters")


def require_text(field: str, text: str, most: int, *, lines: bool = False) -> None:
    """Raise `InvalidRequest` for a text for people that is empty or wrong."""
    if not text.strip():
        raise InvalidRequest.of(field, "is required")
    check_text(field, text, most, lines=lines)


def check_text(field: str, text: str, most: int, *, lines: bool = False) -> None:
    """Raise `InvalidRequest` for a text for people that is wrong; it may be empty."""
    found = list(text_violations(field, text, most, lines=lines))
    if found:
        raise InvalidRequest(found)


def check_comment(comment: str) -> None:
    """Raise `InvalidRequest` for a comment on a change that is too long; it may be empty."""
    check_text("comment", comment, MAX_COMMENT, lines=True)


def require_reason(reason: str) -> None:
    """Raise `InvalidRequest` for a missing reason."""
    require_text("reason", reason, MAX_COMMENT, lines=True)


def require_key(kind: Kind, key: str, field: str = "") -> None:
    """Raise `InvalidRequest` for a key that no flag or segment can have."""
    field = field or f"{kind.value}_key"
    if not key:
        raise InvalidRequest.of(field, "is required")
    if not is_key(key):
        raise InvalidRequest.of(field, "must have 1 to 128 letters, digits, '_', '-' and '.'")
