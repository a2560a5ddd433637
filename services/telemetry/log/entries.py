"""Rows of the log as bytes of responses."""

from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2

from services.runtime.wire_fields import bytes_field
from services.telemetry.events.stored import ERASURE, EVENT, TENANT_ERASURE, entry_fields, stored_event
from services.telemetry.log import LogRow, LogSlice
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.joining import MOST_BYTES

ERASURES: Final = frozenset({ERASURE, TENANT_ERASURE})
"""Kinds of entries after which nothing of somebody may be remembered."""

_EVENTS: Final = pb2.TailEventsResponse.DESCRIPTOR.fields_by_name["events"].number


def follow_response(found: LogSlice, cursor: bytes, actors: ActorIds) -> bytes:
    """Return a serialised `FollowEventsResponse`."""
    read_at = Timestamp()
    read_at.FromDatetime(found.read_at)
    rest = pb2.FollowEventsResponse(cursor=cursor, at_end=found.at_end, read_at=read_at)
    of = actors.of
    entries = entry_fields(
        (kind, body, received_at, of(environment, tenant, person) if kind == EVENT else _no_actor(kind, actors))
        for _, _, kind, environment, tenant, _, _, received_at, body, person in found.rows
    )
    return b"".join([*entries, rest.SerializeToString()])


def tailed_event(row: LogRow, actors: ActorIds) -> bytes:
    """Return an event as the field `events` of a `TailEventsResponse`: a response is these, joined."""
    return bytes_field(_EVENTS, stored_event(row.body, row.received_at, _actor(row, actors)))


def tail_response(events: Iterable[bytes], missed: int) -> bytes:
    """Return a serialised `TailEventsResponse` of what `tailed_event` returned."""
    return b"".join([*events, pb2.TailEventsResponse(missed=missed).SerializeToString()])


def portions(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield what `tailed_event` returned in portions that fit into a response."""
    portion: list[bytes] = []
    size = 0
    for event in events:
        if portion and size + len(event) > MOST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event)
    if portion:
        yield portion


def _actor(row: LogRow, actors: ActorIds) -> bytes:
    if row.kind != EVENT:
        return _no_actor(row.kind, actors)
    return actors.of(row.environment, row.tenant, row.person)


def _no_actor(kind: int, actors: ActorIds) -> bytes:
    if kind in ERASURES:
        actors.forget()
    return b""
