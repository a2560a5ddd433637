"""What requests to the catalogue's service may ask for."""

import datetime
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.runtime.errors import InvalidRequest
from services.runtime.pages import decoded, wrong_token

_DEFAULT_DAYS, _MOST_DAYS = 7, 400
_MOST_IDS: Final = 1_000


def first_day(days: int, now: datetime.datetime) -> datetime.date:
    """Return the first of so many days (UTC), the last of which is today; raise `InvalidRequest` for too many."""
    if days > _MOST_DAYS:
        raise InvalidRequest.of("days", f"may be {_MOST_DAYS} at most, got {days}")
    return now.astimezone(datetime.UTC).date() - datetime.timedelta(days=(days or _DEFAULT_DAYS) - 1)


def dead_letter_ids(texts: Sequence[str]) -> list[UUID]:
    """Return ids as `ListDeadLetters` gave them; raise `InvalidRequest` for too many, and for what is no id."""
    if len(texts) > _MOST_IDS:
        raise InvalidRequest.of("ids", f"may be {_MOST_IDS} at most, got {len(texts)}")
    return [_id(f"ids[{position}]", text) for position, text in enumerate(texts)]


def last_dead_letter(token: str) -> UUID | None:
    """Return the id after which a page begins, None for the first; raise `InvalidRequest` for a wrong token."""
    if not token:
        return None
    try:
        return UUID(decoded(token))
    except ValueError:
        raise wrong_token() from None


def _id(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest.of(field, "must be the id of a dead letter, a UUID") from None
