"""Rules for what people and identity providers write."""

import unicodedata
from typing import Final

from services.runtime.errors import InvalidRequest
from services.runtime.texts import require_text

MOST_LOGIN: Final = 200
MOST_NAME: Final = 200
LEAST_PASSWORD: Final = 10
MOST_PASSWORD: Final = 200


def normal_login(login: str) -> str:
    """Return a login as it is stored: case does not count. Raise `InvalidRequest` for one that nobody can have."""
    require_text("login", login, MOST_LOGIN)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold())
    if len(folded) > MOST_LOGIN or not folded.isprintable() or any(map(str.isspace, folded)):
        raise InvalidRequest.of("login", f"must have {MOST_LOGIN} characters at most, and no spaces")
    return folded


def require_new_password(field: str, password: str) -> None:
    """Raise `InvalidRequest` for a password that nobody should have; it is not repeated in the error."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise InvalidRequest.of(field, f"must have {LEAST_PASSWORD} to {MOST_PASSWORD} characters")


def require_password(field: str, password: str) -> None:
    """Raise `InvalidRequest` for a password that nobody can have."""
    if not password or len(password) > MOST_PASSWORD:
        raise InvalidRequest.of(field, f"is required, with {MOST_PASSWORD} characters at most")
