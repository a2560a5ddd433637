"""
What the service would refuse whatever its catalogue says. Pure.

The caller's transaction learns of it while it can still be rolled back; afterwards an event can only be set aside.
"""

import re
from collections.abc import Iterable
from typing import Final

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.values import LARGEST_EVENT

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_MOST_PROPERTIES: Final = 255
_MOST_LEVELS: Final = 5
_MOST_NAME_BYTES: Final = 100
_MOST_ID_BYTES: Final = 200


def refuse_invalid(event: event_pb2.Event) -> None:
    """
    Accept an event that may be sent.

    Raises:
        ValueError: it may not; the text begins with the field, such as "properties.valor", and holds no content.
    """
    if event.id[6] >> 4 != 7 or event.id[8] >> 6 != 2:
        raise ValueError("event_id: must be a UUIDv7")
    if not _NAME.fullmatch(event.name):
        raise ValueError("name: must be 1 to 100 characters of a-z, 0-9 and '_', beginning with a letter")
    for field, text, most in (
        ("tenant", event.tenant, _MOST_NAME_BYTES),
        ("user_id", event.user_id, _MOST_ID_BYTES),
        ("anonymous_id", event.anonymous_id, _MOST_ID_BYTES),
        ("session_id", event.session_id, _MOST_NAME_BYTES),
    ):
        if len(text.encode()) > most:
            raise ValueError(f"{field}: is longer than {most} bytes")
        _refuse_nul(field, text)
    if len(event.properties) > _MOST_PROPERTIES:
        raise ValueError(f"properties: are more than {_MOST_PROPERTIES}")
    for name, value in event.properties.items():
        if not 1 <= len(name.encode()) <= _MOST_NAME_BYTES:
            raise ValueError(f"properties: a name must be 1 to {_MOST_NAME_BYTES} bytes")
        _refuse_nul("properties", name)
        _check_value(f"properties.{name}", value, 2)
    if event.ByteSize() > LARGEST_EVENT:
        raise ValueError(f"properties: make the event larger than {LARGEST_EVENT} bytes")


def _check_value(field: str, value: value_pb2.Value, level: int) -> None:
    kind = value.WhichOneof("kind")
    inner: Iterable[value_pb2.Value]
    if kind == "string_value":
        _refuse_nul(field, value.string_value)
        return
    if kind == "list_value":
        inner = value.list_value.values
    elif kind == "map_value":
        for name in value.map_value.fields:
            _refuse_nul(field, name)
        inner = value.map_value.fields.values()
    else:
        return
    if level > _MOST_LEVELS:
        raise ValueError(f"{field}: is nested more than {_MOST_LEVELS} levels deep")
    for each in inner:
        _check_value(field, each, level + 1)


def _refuse_nul(field: str, text: str) -> None:
    if "\x00" in text:
        raise ValueError(f"{field}: holds a NUL character")
