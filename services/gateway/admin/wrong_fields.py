"""What is wrong with JSON that is not the message it should be, by field. The values themselves are never told."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from mirante.evaluation.model import Violation

from services.gateway.http.bodies import Json

Descriptor = Any
"""Of a message. The two implementations of protobuf have a type each."""

MOST_LEVELS: Final = 100
"""How deep messages may be nested: as deep as protobuf itself reads them."""

_MOST_NAME_CHARACTERS: Final = 100
_MOST_LOOKED_AT: Final = 10_000
_MOST_VALUES_LISTED: Final = 20
_WELL_KNOWN: Final = "google.protobuf"

_KINDS: Final = {
    FieldDescriptor.TYPE_BOOL: "true or false",
    FieldDescriptor.TYPE_STRING: "a text",
    FieldDescriptor.TYPE_BYTES: "a text in base64",
    FieldDescriptor.TYPE_DOUBLE: "a number",
    FieldDescriptor.TYPE_FLOAT: "a number",
    FieldDescriptor.TYPE_UINT32: "an integer from 0 to 4294967295",
    FieldDescriptor.TYPE_FIXED32: "an integer from 0 to 4294967295",
    FieldDescriptor.TYPE_UINT64: "an integer from 0 to 2^64 - 1, as a text",
    FieldDescriptor.TYPE_FIXED64: "an integer from 0 to 2^64 - 1, as a text",
    FieldDescriptor.TYPE_INT64: "an integer of 64 bits, as a text",
    FieldDescriptor.TYPE_SINT64: "an integer of 64 bits, as a text",
    FieldDescriptor.TYPE_SFIXED64: "an integer of 64 bits, as a text",
}
_MESSAGE_KINDS: Final = {
    "google.protobuf.Timestamp": 'a time such as "2026-11-25T12:00:00Z"',
    "google.protobuf.Duration": 'a number of seconds such as "3.5s"',
}


def wrong_fields(document: Json, kind: Descriptor, most: int) -> Sequence[Violation]:
    """Return what is wrong, at most so much of it and at least one thing."""
    found = list(islice(_Search().in_message(document, kind, "", MOST_LEVELS), most))
    return found or [Violation("body", f"is no {kind.name}")]


class _Search:
    """Looks at values one by one, at so many and no more: it is to help people, who write small requests."""

    def __init__(self) -> None:
        self._left = _MOST_LOOKED_AT

    def in_message(self, document: Json, kind: Descriptor, place: str, levels: int) -> Iterator[Violation]:
        """Yield what is wrong in what should be a message."""
        if not isinstance(document, dict):
            yield Violation(place or "body", "must be an object")
            return
        if levels == 0:
            yield Violation(place, "is nested too deeply")
            return
        chosen: dict[str, str] = {}
        for name, value in document.items():
            field = _field(kind, name)
            path = _below(place, name)
            if field is None:
                yield Violation(path, f"is no field of {kind.name}")
                continue
            if value is None:
                continue
            oneof = field.containing_oneof
            if oneof is not None and chosen.setdefault(oneof.name, name) != name:
                yield Violation(path, f"cannot be there beside {chosen[oneof.name]}")
            yield from self._in_field(value, field, path, levels - 1)

    def _in_field(self, value: Json, field: FieldDescriptor, path: str, levels: int) -> Iterator[Violation]:
        if not field.is_repeated:
            yield from self._in_single(value, field, path, levels)
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            if not isinstance(value, dict):
                yield Violation(path, "must be an object")
                return
            entry = field.message_type
            for key, each in value.items():
                yield from self._in_single(each, entry.fields_by_name["value"], _below(path, key), levels)
                if not self._fits({"key": key}, entry):
                    yield Violation(path, "has a name that it cannot have")
        elif not isinstance(value, list):
            yield Violation(path, "must be a list")
        else:
            for index, each in enumerate(value):
                yield from self._in_single(each, field, f"{path}[{index}]", levels)

    def _in_single(self, value: Json, field: FieldDescriptor, path: str, levels: int) -> Iterator[Violation]:
        message = field.message_type
        if message is not None and message.file.package != _WELL_KNOWN:
            yield from self.in_message(value, message, path, levels)
        elif not self._fits({field.json_name: [value] if field.is_repeated else value}, field.containing_type):
            yield Violation(path, f"must be {_words(field)}")

    def _fits(self, document: dict[str, Any], kind: Descriptor) -> bool:
        self._left -= 1
        if self._left < 0:
            return True
        try:
            json_format.ParseDict(document, GetMessageClass(kind)())
        except (json_format.ParseError, RecursionError):
            return False
        return True


def _field(kind: Descriptor, name: str) -> FieldDescriptor | None:
    for field in kind.fields:
        if name in {field.json_name, field.name}:
            found: FieldDescriptor = field
            return found
    return None


def _below(place: str, name: str) -> str:
    name = name[:_MOST_NAME_CHARACTERS]
    return f"{place}.{name}" if place else name


def _words(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return _MESSAGE_KINDS.get(field.message_type.full_name, f"a {field.message_type.name}")
    if field.enum_type is not None:
        names = [value.name for value in field.enum_type.values]
        return f"one of {', '.join(names)}" if len(names) <= _MOST_VALUES_LISTED else f"a {field.enum_type.name}"
    return _KINDS.get(field.type, "an integer of 32 bits")
