"""Batches of events: what their envelope may be, and which events a caller may send. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.telemetry.v1 import event_pb2

from services.gateway.access.browser_tokens import Visitor
from services.gateway.events.reading import MalformedEvent, read_moment
from services.runtime.errors import InvalidRequest

MOST_EVENTS: Final = 1_000
_FIELDS: Final = frozenset({"events", "sent_at", "client_instance", "key", "token"})
_MOST_SECRET: Final = 4_096
_MOST_INSTANCE: Final = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """A body of `/v1/events`. `key` and `token` are there when headers could not be sent."""

    events: Sequence[Any]
    sent_at: Timestamp | None = None
    client_instance: str = ""
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def read_batch(document: Any) -> Batch:
    """
    Return what a body holds: one event, a list of events, or an object with `events`.

    Raises:
        InvalidRequest: it is none of these, or has too many events.
    """
    if isinstance(document, list):
        document = {"events": document}
    if not isinstance(document, dict):
        raise InvalidRequest.of("body", "must be an event, a list of events, or an object with events")
    if "name" in document and "events" not in document:
        document = {"events": [document]}
    unknown = document.keys() - _FIELDS
    if unknown:
        raise InvalidRequest.of(sorted(unknown)[0][:100], "is not a field of a batch")
    events = document.get("events")
    if not isinstance(events, list) or not events:
        raise InvalidRequest.of("events", "must be a list of at least one event")
    if len(events) > MOST_EVENTS:
        raise InvalidRequest.of("events", f"may be {MOST_EVENTS} at most")
    sent_at = document.get("sent_at")
    try:
        moment = None if sent_at is None else read_moment(sent_at, "sent_at")
    except MalformedEvent as error:
        raise InvalidRequest.of(error.field, error.message) from None
    return Batch(
        events,
        moment,
        _text(document, "client_instance", _MOST_INSTANCE),
        _text(document, "key", _MOST_SECRET),
        _text(document, "token", _MOST_SECRET),
    )


def check_sender(event: event_pb2.Event, visitor: Visitor | None) -> None:
    """
    Check what a public key may say: with a token, of its tenant and user alone; without, nothing of any.

    What the event leaves out is put in from the token.

    Raises:
        MalformedEvent: it speaks of somebody else.
    """
    if visitor is None:
        for name in ("tenant", "user_id"):
            if getattr(event, name):
                raise MalformedEvent(name, "needs a browser token that names it")
        return
    if event.tenant and event.tenant != visitor.tenant:
        raise MalformedEvent("tenant", "is not the one of the browser token")
    if event.user_id and event.user_id != visitor.user:
        raise MalformedEvent("user_id", "is not the one of the browser token")
    event.tenant, event.user_id = visitor.tenant, visitor.user


def _text(document: dict[str, Any], name: str, most: int) -> str:
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or not value.isprintable() or not _is_text(value):
        raise InvalidRequest.of(name, f"must be a text of {most} characters at most")
    return value


def _is_text(value: str) -> bool:
    return value.isascii() or not any(0xD800 <= ord(each) <= 0xDFFF for each in value)
