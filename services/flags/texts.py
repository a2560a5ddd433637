"""Rules for the texts of requests: keys, and what people write for people."""

import re
from typing import Final

from services.flags.store import Kind
from services.runtime.errors import InvalidRequest
from services.runtime.texts import check_text, require_text

MAX_COMMENT: Final = 500
MAX_DESCRIPTION: Final = 2_000

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_ENVIRONMENT = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


def is_key(text: str) -> bool:
    """Whether a flag or segment may have this key."""
    return _KEY.fullmatch(text) is not None


def is_environment(text: str) -> bool:
    """Whether an environment may have this key."""
    return _ENVIRONMENT.fullmatch(text) is not None


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
