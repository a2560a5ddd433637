"""
What is held about a person, as JSON. Pure.

Names are those of the contracts. Integers are numbers, times RFC 3339, a `Value` is the value itself, enums are their
names in lower case, the ids of events UUIDs and those of actors hexadecimal digits.
"""

import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import error_reason_pb2, value_pb2
from mirante.api.telemetry.v1 import event_pb2, privacy_service_pb2
from mirante.wire import value_from_proto

from services.telemetry.events.stored import stored_event
from services.telemetry.privacy.archives import KeptEvent
from services.telemetry.privacy.requests import Request


def event_document(kept: KeptEvent, actor: bytes) -> str:
    """Return an event with everything that the log has of it."""
    stored = event_pb2.StoredEvent.FromString(stored_event(kept.body, kept.received_at, actor))
    return _json(
        {
            "event": _event(stored.event),
            "occurred_at": stored.occurred_at.ToJsonString(),
            "received_at": stored.received_at.ToJsonString(),
            "time_marks": [_enum_name(event_pb2.TimeMark, mark) for mark in stored.time_marks],
            "actor_id": stored.actor_id.hex(),
            "definition_version": stored.definition_version,
            "imported": stored.imported,
        }
    )


def identity_document(
    tenant: str, user_id: str, devices: Sequence[tuple[str, datetime.datetime | None]], actor: bytes
) -> str:
    """Return who the person is; of each anonymous id since when it is joined, None for one that stands alone."""
    return _json(
        {
            "tenant": tenant,
            "user_id": user_id,
            "anonymous_ids": [{"anonymous_id": each, "joined_at": _moment(at)} for each, at in devices],
            "actor_id": actor.hex(),
        }
    )


def traits_document(tenant: str, user_id: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the traits, those that were removed with the value null; rows are those of the table."""
    traits = {
        row["name"]: {
            "value": value_from_proto(value_pb2.Value.FromString(row["value"] or b"")),
            "observed_at": _moment(row["observed_at"]),
        }
        for row in rows
    }
    return _json({"tenant": tenant, "user_id": user_id, "traits": traits})


def dead_letter_document(row: Mapping[str, Any]) -> str:
    """Return a dead letter; the row is that of the table."""
    return _json(
        {
            "id": str(row["id"]),
            "event": _event(event_pb2.Event.FromString(row["event"])),
            "reason": _enum_name(error_reason_pb2.ErrorReason, row["reason"]),
            "field": row["field"],
            "message": row["message"],
            "definition_version": row["definition_version"],
            "occurred_at": _moment(row["occurred_at"]),
            "received_at": _moment(row["received_at"]),
            "replayed_at": _moment(row["replayed_at"]),
        }
    )


def request_document(request: Request) -> str:
    """Return a request on record."""
    return _json(
        {
            "id": str(request.id),
            "kind": _enum_name(privacy_service_pb2.PrivacyRequestKind, request.kind),
            "tenant": request.place.tenant,
            "subject_hash": request.subject_hash.hex(),
            "requested_by": request.asked.by,
            "reason": request.asked.reason,
            "requested_at": _moment(request.requested_at),
            "completed_at": _moment(request.completed_at),
            "counts": dict(request.counts),
            "left": dict(request.left),
        }
    )


def _event(event: event_pb2.Event) -> dict[str, Any]:
    return {**_plain(event), "id": str(uuid.UUID(bytes=event.id))}


def _plain(message: Message) -> Any:
    if isinstance(message, Timestamp):
        return message.ToJsonString()
    if isinstance(message, value_pb2.Value):
        return value_from_proto(message)
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            found[field.name] = {name: _plain(value[name]) for name in sorted(value)}
        else:
            found[field.name] = _plain(value) if isinstance(value, Message) else value
    return found


def _enum_name(enum: Any, number: int) -> str:
    values = enum.DESCRIPTOR.values_by_number
    if number not in values:
        return str(number)
    prefix: str = values[0].name.removesuffix("UNSPECIFIED")
    name: str = values[number].name
    return name.removeprefix(prefix).lower()


def _moment(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)
