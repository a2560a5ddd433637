"""Events as messages: an id of their own, and properties that keep their types."""

import datetime
import uuid
from collections.abc import Mapping
from typing import TypeAlias

from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.event_id import new_event_id, uuid7
from mirante.telemetry.values import PropertyValue, ValueWriter, with_offset

__all__ = ["EventId", "PropertyValue", "build_event", "new_event_id", "uuid7"]

EventId: TypeAlias = bytes | str | uuid.UUID


def build_event(
    name: str,
    properties: Mapping[str, PropertyValue] | None = None,
    *,
    user_id: str = "",
    anonymous_id: str = "",
    tenant: str = "",
    session_id: str = "",
    occurred_at: datetime.datetime | None = None,
    event_id: EventId | None = None,
    context: event_pb2.EventContext | None = None,
) -> event_pb2.Event:
    """
    Return the message of an event.

    Without `occurred_at` it happened at the time inside the id; without `event_id` (16 bytes, or a UUID) it gets a new
    one. Properties are what `ValueWriter` says; sizes and names are for the service to judge.

    Raises:
        ValueError: the message begins with the field, such as "properties.valor", and never holds its content.
    """
    event = event_pb2.Event(id=uuid7().bytes if event_id is None else _id_bytes(event_id))
    for field, text in (
        ("name", name),
        ("tenant", tenant),
        ("user_id", user_id),
        ("anonymous_id", anonymous_id),
        ("session_id", session_id),
    ):
        if text != "":
            set_text(event, field, text)
    if occurred_at is not None:
        _set_time(event, occurred_at)
    if properties:
        ValueWriter().set_fields(event.properties, properties, "properties")
    if context is not None:
        event.context.CopyFrom(context)
    return event


def set_text(message: object, field: str, text: object) -> None:
    """
    Set a text field of a message. None is empty; numbers and UUIDs, which applications use as ids, become text.

    Raises:
        ValueError: as `build_event`.
    """
    if text is None:
        return
    if isinstance(text, int | uuid.UUID) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise ValueError(f"{field}: must be a string, not a {type(text).__name__}")
    try:
        setattr(message, field, text)
    except UnicodeError:
        raise ValueError(f"{field}: is no valid Unicode") from None


def _set_time(event: event_pb2.Event, occurred_at: object) -> None:
    if not isinstance(occurred_at, datetime.datetime):
        raise ValueError(f"occurred_at: must be a datetime, not a {type(occurred_at).__name__}")
    try:
        event.occurred_at.FromDatetime(with_offset(occurred_at))
    except (ValueError, OverflowError):
        raise ValueError("occurred_at: lies outside of the years 1 to 9999") from None


def _id_bytes(event_id: object) -> bytes:
    try:
        if isinstance(event_id, str):
            event_id = uuid.UUID(event_id)
        if isinstance(event_id, uuid.UUID):
            event_id = event_id.bytes
    except ValueError:
        raise ValueError("event_id: is no UUID") from None
    if not isinstance(event_id, bytes) or len(event_id) != 16:
        raise ValueError("event_id: must be a UUID, or its 16 bytes")
    return event_id
