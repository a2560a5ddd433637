"""Rules for texts that people write for people."""

import re
from collections.abc import Iterator

from mirante.evaluation.model import Violation

from services.runtime.errors import InvalidRequest

# The database takes no NUL, and terminals obey the others.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


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
