"""
Stored events as bytes.

The log keeps a serialised `StoredEvent` without what is only known later (`received_at`, `actor_id`). Those fields are
appended when it is read: protobuf takes the fields of a message in any order, so nothing is parsed on the way from a
client to the readers of the log.
"""

import datetime
from collections.abc import Iterable, Sequence
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
_NANOS_BYTES: Final = 6
_LENGTH_DELIMITED: Final = 2
_ENTRY_KIND: Final = log_pb2.LogEntry.DESCRIPTOR.fields_by_name
ENTRIES: Final = log_pb2.FollowEventsResponse.DESCRIPTOR.fields_by_name["entries"].number

EVENT, MERGE, ERASURE, SPLIT, TENANT_ERASURE = (
    _ENTRY_KIND[name].number for name in ("event", "merge", "erasure", "split", "tenant_erasure")
)
"""The column `kind` of the log: fields of `LogEntry`."""

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


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


def entry_fields(rows: Iterable[tuple[int, bytes, datetime.datetime, bytes]]) -> list[bytes]:
    """
    Return rows of the log as fields `entries` of a `FollowEventsResponse`, in pieces: joined, these are streamed.

    Args:
        rows: of each the kind, the body, the time of receipt, and the actor id; empty for nobody.
    """
    pieces: list[bytes] = []
    add = pieces.append
    for kind, body, received_at, actor in rows:
        if kind != EVENT:
            add(_entry_head(kind, len(body)))
            add(body)
            continue
        later = _later(received_at, actor)
        add(_entry_head(EVENT, len(body) + len(later)))
        add(body)
        add(later)
    return pieces


def stored_event(body: bytes, received_at: datetime.datetime, actor: bytes) -> bytes:
    """Return the whole serialised `StoredEvent`."""
    return body + _later(received_at, actor)


def _later(received_at: datetime.datetime, actor: bytes) -> bytes:
    """Return the fields that are known later than the body."""
    since = received_at - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    micros = since.microseconds
    received = _received_second(seconds) + _nanos(micros) if micros else bytes_field(_RECEIVED_AT, _seconds(seconds))
    return received + _actor_head(len(actor)) + actor if actor else received


@lru_cache(maxsize=4096)
def _entry_head(kind: int, size: int) -> bytes:
    """Return what stands before the content of an entry."""
    field = bytes((kind << 3 | _LENGTH_DELIMITED,)) + varint(size)
    return bytes((ENTRIES << 3 | _LENGTH_DELIMITED,)) + varint(len(field) + size) + field


@lru_cache(maxsize=16)
def _actor_head(size: int) -> bytes:
    return bytes((_ACTOR_ID << 3 | _LENGTH_DELIMITED,)) + varint(size)


@lru_cache(maxsize=4096)
def _received_second(seconds: int) -> bytes:
    """Return the field `received_at` up to its nanoseconds, which follow."""
    head = _seconds(seconds)
    return bytes((_RECEIVED_AT << 3 | _LENGTH_DELIMITED,)) + varint(len(head) + _NANOS_BYTES) + head


@lru_cache(maxsize=1024)
def _tail(definition_version: int) -> bytes:
    return _DEFINITION_VERSION + varint(definition_version) if definition_version else b""


def _timestamp(microseconds: int) -> bytes:
    seconds, rest = divmod(microseconds, 1_000_000)
    return _seconds(seconds) + _nanos(rest) if rest else _seconds(seconds)


def _nanos(microseconds: int) -> bytes:
    """Return the field of what is beyond the second, of `_NANOS_BYTES`."""
    n = microseconds * 1000
    # Always five digits: leading zeros are allowed, and a loop costs more than they do.
    return bytes((_NANOS, n & 127 | 128, n >> 7 & 127 | 128, n >> 14 & 127 | 128, n >> 21 & 127 | 128, n >> 28))


@lru_cache(maxsize=4096)
def _seconds(seconds: int) -> bytes:
    # Events of one moment come together: they share the second.
    return _SECONDS + varint(seconds & 0xFFFF_FFFF_FFFF_FFFF)
