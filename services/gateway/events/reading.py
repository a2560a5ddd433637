"""Events as browsers write them in JSON, turned into messages. One that is malformed fails alone. Pure."""

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto

MOST_LEVELS: Final = 16
"""What is deeper is not even looked at; the telemetry service allows less."""

_TEXTS: Final = ("name", "tenant", "user_id", "anonymous_id", "session_id")
_CONTEXT_TEXTS: Final = ("release", "locale")
_CONTEXT_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "library": ("name", "version"),
    "page": ("path", "title", "referrer"),
    "browser": ("name", "version"),
    "device": ("type", "operating_system"),
}


class MalformedEvent(Exception):
    """An event that is none; `field` is a path such as "context.page.path"."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def read_event(document: Any) -> event_pb2.Event:
    """
    Return the message of an event; names of fields are those of `event.proto`, `id` is a UUIDv7 as text.

    Raises:
        MalformedEvent: a field is unknown, or has a type or form that it cannot have.
    """
    if not isinstance(document, dict):
        raise MalformedEvent("", "an event is an object")
    event = event_pb2.Event()
    for name, value in document.items():
        if value is None:
            continue
        if name in _TEXTS:
            setattr(event, name, _text(value, name))
        elif name in _READERS:
            _READERS[name](event, value)
        else:
            raise MalformedEvent(str(name)[:100], "is not a field of an event")
    if not event.id:
        raise MalformedEvent("id", "is required: a UUIDv7 made when the event happened, sent again with every retry")
    return event


def read_moment(value: Any, field: str) -> Timestamp:
    """
    Return a moment: an RFC 3339 text with an offset, or milliseconds since 1970.

    Raises:
        MalformedEvent: it is neither.
    """
    moment = Timestamp()
    try:
        if isinstance(value, str):
            parsed = datetime.datetime.fromisoformat(value)
            if parsed.tzinfo is None:
                raise MalformedEvent(field, "lacks its offset from UTC")
            moment.FromDatetime(parsed.astimezone(datetime.UTC))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment.FromMilliseconds(int(value))
        else:
            raise MalformedEvent(field, "must be an RFC 3339 text or milliseconds since 1970")
    except (ValueError, OverflowError):
        raise MalformedEvent(field, "must be an RFC 3339 text or milliseconds since 1970") from None
    return moment


def _id(event: event_pb2.Event, value: Any) -> None:
    try:
        found = uuid.UUID(_text(value, "id"))
    except ValueError:
        raise MalformedEvent("id", "must be a UUIDv7") from None
    if found.version != 7 or found.variant != uuid.RFC_4122:
        raise MalformedEvent("id", "must be a UUIDv7")
    event.id = found.bytes


def _occurred_at(event: event_pb2.Event, value: Any) -> None:
    event.occurred_at.CopyFrom(read_moment(value, "occurred_at"))


def _properties(event: event_pb2.Event, value: Any) -> None:
    if not isinstance(value, dict):
        raise MalformedEvent("properties", "must be an object")
    for name, item in value.items():
        field = f"properties.{_clean(name, 'properties')}"
        event.properties[name].CopyFrom(_value(item, field))


def _value(item: Any, field: str) -> value_pb2.Value:
    _check(item, field, 1)
    try:
        return value_to_proto(item)
    except ValueError:
        raise MalformedEvent(field, "holds a number beyond 64 bits") from None


def _context(event: event_pb2.Event, value: Any) -> None:
    if not isinstance(value, dict):
        raise MalformedEvent("context", "must be an object")
    event.context.SetInParent()
    for name, item in value.items():
        field = f"context.{str(name)[:100]}"
        if item is None:
            continue
        if name in _CONTEXT_TEXTS:
            setattr(event.context, name, _text(item, field))
        elif name in _CONTEXT_PARTS:
            _part(getattr(event.context, name), item, field, _CONTEXT_PARTS[name])
        else:
            raise MalformedEvent(field, "is not a field of the context")


def _part(message: Any, value: Any, field: str, names: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise MalformedEvent(field, "must be an object")
    message.SetInParent()
    for name, item in value.items():
        if name not in names:
            raise MalformedEvent(f"{field}.{str(name)[:100]}", "is not a field of it")
        if item is not None:
            setattr(message, name, _text(item, f"{field}.{name}"))


def _check(item: Any, field: str, level: int) -> None:
    if isinstance(item, str):
        _clean(item, field)
    elif isinstance(item, dict | list):
        if level > MOST_LEVELS:
            raise MalformedEvent(field, "is nested too deeply")
        for each in item.values() if isinstance(item, dict) else item:
            _check(each, field, level + 1)
        for name in item if isinstance(item, dict) else ():
            _clean(name, field)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise MalformedEvent(field, "must be a text")
    return _clean(value, field)


def _clean(text: str, field: str) -> str:
    """Return the text; JSON can hold halves of characters, which are no text."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise MalformedEvent(field, "holds half a character") from None
    return text


_READERS: Final[Mapping[str, Callable[[event_pb2.Event, Any], None]]] = {
    "id": _id,
    "occurred_at": _occurred_at,
    "properties": _properties,
    "context": _context,
}
