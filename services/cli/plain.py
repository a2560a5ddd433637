"""
Messages as plain JSON data, for `--json`.

Field names are those of the contracts. Fields without presence are always there; others only when set. Enums are their
names in lower case without prefix, integers are numbers, timestamps RFC 3339, maps objects, and a `Value` is the value
itself.
"""

import base64
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.wire import value_from_proto


def plain(message: Message) -> Any:
    """Return a message as JSON data: an object, but for timestamps and values."""
    if isinstance(message, Timestamp):
        return message.ToJsonString()
    if isinstance(message, value_pb2.Value):
        return value_from_proto(message)
    return {field.name: _field(message, field) for field in message.DESCRIPTOR.fields if _is_shown(message, field)}


def enum_name(enum: EnumDescriptor, number: int) -> str:
    """Return the name of a number, as "string" for FLAG_TYPE_STRING; the number itself when it is not known."""
    value = enum.values_by_number.get(number)
    if value is None:
        return str(number)
    return str(value.name).removeprefix(str(enum.values[0].name).removesuffix("UNSPECIFIED")).lower()


def _is_shown(message: Message, field: Any) -> bool:
    return not field.has_presence or message.HasField(field.name)


def _field(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated and field.message_type is not None and field.message_type.GetOptions().map_entry:
        kind = field.message_type.fields_by_name["value"]
        return {str(name): _single(value[name], kind) for name in sorted(value)}
    if field.is_repeated:
        return [_single(item, field) for item in value]
    return _single(value, field)


def _single(value: Any, field: Any) -> Any:
    if isinstance(value, Message):
        return plain(value)
    if field.enum_type is not None:
        return enum_name(field.enum_type, value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
