"""What an event must be, whatever the catalogue says. Pure."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from google.protobuf.message import Message
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Violation

from services.telemetry.events.event_ids import is_uuid7

MOST_EVENT_BYTES: Final = 64 * 1024
MOST_PROPERTIES: Final = 255
MOST_LEVELS: Final = 5
"""The properties themselves are the first level."""
MOST_NAME_BYTES: Final = 100
MOST_ID_BYTES: Final = 200

_TEXTS: Final = (
    ("tenant", MOST_NAME_BYTES),
    ("user_id", MOST_ID_BYTES),
    ("anonymous_id", MOST_ID_BYTES),
    ("session_id", MOST_NAME_BYTES),
)

_SURELY_SHORT: Final = MOST_NAME_BYTES // 4
"""Characters; one has four bytes at most."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")

TELLABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
"""Names of properties that messages may repeat. Others may be anything, an e-mail address for instance."""

Values = Iterable[tuple[str, value_pb2.Value]]


def violation_of(event: event_pb2.Event, *, has_nul: bool) -> Violation | None:
    """
    Return the first field that is wrong, and why; None when the event may be stored.

    Args:
        event: parsed, so its texts are valid UTF-8.
        has_nul: whether its serialised form holds a zero byte anywhere; if not, no text needs to be searched for one.
    """
    if not is_uuid7(event.id):
        return Violation("id", "must be a UUIDv7 of 16 bytes")
    if not _is_name(event.name):
        return Violation("name", "must be 1 to 100 characters of a-z, 0-9 and '_', beginning with a letter")
    violation = _text_violation(event, has_nul=has_nul) or _properties_violation(event, has_nul=has_nul)
    return _context_violation("context", event.context) if has_nul and violation is None else violation


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _text_violation(event: event_pb2.Event, *, has_nul: bool) -> Violation | None:
    texts = (event.tenant, event.user_id, event.anonymous_id, event.session_id)
    # Together they are short enough for each, whatever characters they hold.
    if not has_nul and len("".join(texts)) <= _SURELY_SHORT:
        return None
    for (field, most), text in zip(_TEXTS, texts, strict=True):
        if len(text.encode()) > most:
            return Violation(field, f"is longer than {most} bytes")
        if "\x00" in text:
            return Violation(field, "holds a NUL character")
    return None


def _properties_violation(event: event_pb2.Event, *, has_nul: bool) -> Violation | None:
    properties = event.properties
    if len(properties) > MOST_PROPERTIES:
        return Violation("properties", f"are more than {MOST_PROPERTIES}")
    for name in properties:  # `items` of a protobuf map costs three times as much
        if has_nul or not name or len(name) > _SURELY_SHORT:
            violation = _name_violation(name)
            if violation is not None:
                return violation
        value = properties[name]
        # Most properties are texts: asking for one is far cheaper than asking which kind there is.
        if has_nul or not value.string_value:
            violation = _value_violation(f"properties.{name}", value, 2, has_nul=has_nul)
            if violation is not None:
                return violation if TELLABLE.fullmatch(name) else Violation("properties", violation.description)
    return None


def _context_violation(field: str, message: Message) -> Violation | None:
    for descriptor, value in message.ListFields():
        name = f"{field}.{descriptor.name}"
        if isinstance(value, Message):
            violation = _context_violation(name, value)
            if violation is not None:
                return violation
        elif "\x00" in value:
            return Violation(name, "holds a NUL character")
    return None


def _name_violation(name: str) -> Violation | None:
    if not name or len(name.encode()) > MOST_NAME_BYTES:
        return Violation("properties", f"a name must be 1 to {MOST_NAME_BYTES} bytes")
    return Violation("properties", "a name holds a NUL character") if "\x00" in name else None


def _value_violation(field: str, value: value_pb2.Value, level: int, *, has_nul: bool) -> Violation | None:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return Violation(field, "holds a NUL character") if has_nul and "\x00" in value.string_value else None
    if kind == "double_value":
        # NaN and infinity have no place in JSON or in sums.
        return None if math.isfinite(value.double_value) else Violation(field, "is not a finite number")
    if kind == "list_value":
        return _nested_violation(field, ((field, item) for item in value.list_value.values), level, has_nul=has_nul)
    if kind == "map_value":
        fields = value.map_value.fields
        if has_nul and any("\x00" in name for name in fields):
            return Violation(field, "a name holds a NUL character")
        return _nested_violation(field, ((field, fields[name]) for name in fields), level, has_nul=has_nul)
    return None


def _nested_violation(field: str, values: Values, level: int, *, has_nul: bool) -> Violation | None:
    if level > MOST_LEVELS:
        return Violation(field, f"is nested more than {MOST_LEVELS} levels deep")
    for name, value in values:
        violation = _value_violation(name, value, level + 1, has_nul=has_nul)
        if violation is not None:
            return violation
    return None
