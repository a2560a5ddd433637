"""
Stored events as bytes.

The log keeps a serialised `StoredEvent` without what is only known later (`received_at`, `actor_id`). Those fields are
appended when it is read: protobuf takes the fields of a message in any order, so nothing is parsed on the way from a
client to the readers of the log.
"""

import datetime
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.wire_fields import bytes_field, varint

_FIELDS: Final = event_pb2.StoredEvent.DESCRIPTOR.fields_by_name
_EVENT: Final = _FIELDS["event"].number
_OCCURRED_AT: Final = _FIELDS["occurred_at"].number
_RECEIVED_AT: Final = _FIELDS["received_at"].number
_ACTOR_ID: Final = _FIELDS["actor_id"].number
_TIME_MARKS: Final = _FIELDS["time_marks"].number
_DEFINITION_VERSION: Final = bytes((_FIELDS["definition_version"].number << 3,))
_IMPORTED: Final = bytes((_FIELDS["imported"].number << 3, 1))
_SECONDS, _NANOS = bytes((1 << 3,)), 2 << 3
_ENTRY_KIND: Final = log_pb2.LogEntry.DESCRIPTOR.fields_by_name
ENTRIES: Final = log_pb2.FollowEventsResponse.DESCRIPTOR.fields_by_name["entries"].number

EVENT, MERGE, ERASURE, SPLIT, TENANT_ERASURE = (
    _ENTRY_KIND[name].number for name in ("event", "merge", "erasure", "split", "tenant_erasure")
)
"""The column `kind` of the log: fields of `LogEntry`."""

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)


def body_of(
    event: bytes,
    occurred_at_us: int,
    time_marks: Sequence[int],
    definition_version: int,
    *,
    imported: bool = False,
) -> bytes:
    """
    Return the bytes that the log keeps of an event.

    Args:
        event: the serialised `Event`.
        occurred_at_us: the corrected time, microseconds since 1970.
        time_marks: numbers of `TimeMark`.
        definition_version: of the catalogue's definition; 0 for an undeclared event.
        imported: whether it came in by `ImportEvents`.
    """
    return body_with(event, _timestamp(occurred_at_us), time_marks, definition_version, imported=imported)


def body_with(
    event: bytes, occurred_at: bytes, time_marks: Sequence[int], definition_version: int, *, imported: bool = False
) -> bytes:
    """Do as `body_of`, with the time as a serialised Timestamp."""
    body = bytes_field(_EVENT, event) + bytes_field(_OCCURRED_AT, occurred_at) + _tail(definition_version)
    if time_marks:
        body += bytes_field(_TIME_MARKS, bytes(time_marks))
    return body + _IMPORTED if imported else body


def entry_field(kind: int, body: bytes, received_at: datetime.datetime, actor: bytes) -> bytes:
    """Return a row of the log as the field `entries` of a `FollowEventsResponse`: what is streamed is these, joined."""
    if kind == EVENT:
        body = stored_event(body, received_at, actor)
    return bytes_field(ENTRIES, bytes_field(kind, body))


def stored_event(body: bytes, received_at: datetime.datetime, actor: bytes) -> bytes:
    """Return the whole serialised `StoredEvent`."""
    received = bytes_field(_RECEIVED_AT, _timestamp((received_at - _EPOCH) // _MICROSECOND))
    return body + received + bytes_field(_ACTOR_ID, actor) if actor else body + received


@lru_cache(maxsize=1024)
def _tail(definition_version: int) -> bytes:
    return _DEFINITION_VERSION + varint(definition_version) if definition_version else b""


def _timestamp(microseconds: int) -> bytes:
    seconds, rest = divmod(microseconds, 1_000_000)
    if not rest:
        return _seconds(seconds)
    n = rest * 1000
    # Always five digits: leading zeros are allowed, and a loop costs more than they do.
    digits = (n & 127 | 128, n >> 7 & 127 | 128, n >> 14 & 127 | 128, n >> 21 & 127 | 128, n >> 28)
    return _seconds(seconds) + bytes((_NANOS, *digits))


@lru_cache(maxsize=4096)
def _seconds(seconds: int) -> bytes:
    # Events of one moment come together: they share the second.
    return _SECONDS + varint(seconds & 0xFFFF_FFFF_FFFF_FFFF)
