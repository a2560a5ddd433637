"""UUIDv7 (RFC 9562): the ids of events, and the days that their time falls into."""

import datetime
import uuid
from typing import Final

ID_BYTES: Final = 16
_VERSION, _VARIANT = 7, 0b10


def is_uuid7(event_id: bytes) -> bool:
    """Return whether these bytes are a UUIDv7."""
    return len(event_id) == ID_BYTES and event_id[6] >> 4 == _VERSION and event_id[8] >> 6 == _VARIANT


def milliseconds_of(event_id: bytes) -> int:
    """Return the time inside a UUIDv7, in milliseconds since 1970."""
    return int.from_bytes(event_id[:6], "big")


def first_id_of(day: datetime.date) -> uuid.UUID:
    """Return the lowest 16 bytes whose time lies in a day (UTC): the bound of a partition."""
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return uuid.UUID(int=int(midnight.timestamp() * 1000) << 80)
