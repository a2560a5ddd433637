"""Events as plain JSON data."""

import uuid
from typing import Any, Final

from mirante.api.telemetry.v1 import event_pb2

from services.cli.plain import plain

_ID_BYTES: Final = 16


def event_data(event: event_pb2.Event) -> dict[str, Any]:
    """Return an event as JSON data, its id written as UUIDs are."""
    data: dict[str, Any] = plain(event)
    return {**data, "id": event_id(event)}


def event_id(event: event_pb2.Event) -> str:
    """Return the id of an event as UUIDs are written; in hexadecimal when it is none."""
    return str(uuid.UUID(bytes=event.id)) if len(event.id) == _ID_BYTES else event.id.hex()
