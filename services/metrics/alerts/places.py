"""Where pages of lists in the order of time begin."""

import datetime
import uuid
from typing import Final

from services.runtime.pages import decoded, page_token, wrong_token

_PARTS: Final = 2


def token_after(at: datetime.datetime, last_id: uuid.UUID | str) -> str:
    """Return the token of the page that follows an entry."""
    return page_token(f"{at.isoformat()} {last_id}")


def place_of(token: str) -> tuple[datetime.datetime, str] | None:
    """Return time and id of what a page follows, None for the first page; raise `InvalidRequest` for a wrong token."""
    if not token:
        return None
    parts = decoded(token).split(" ")
    try:
        at = datetime.datetime.fromisoformat(parts[0])
    except ValueError:
        raise wrong_token() from None
    if len(parts) != _PARTS or at.tzinfo is None or "\x00" in parts[1]:
        raise wrong_token()
    return at, parts[1]


def uuid_place_of(token: str) -> tuple[datetime.datetime, uuid.UUID] | None:
    """Return the same where ids are UUIDs."""
    place = place_of(token)
    if place is None:
        return None
    try:
        return place[0], uuid.UUID(place[1])
    except ValueError:
        raise wrong_token() from None
