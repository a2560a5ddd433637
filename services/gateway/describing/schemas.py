"""
Schemas of messages as proto3-JSON has them.

Answers hold every field that cannot be absent, so those are required there. In requests nothing is required, and what
is not known is refused. A message that is used both ways has two schemas, the second with `Input` after its name.
"""

from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.gateway.describing.comments import Comments
from services.gateway.describing.naming import Names

Schema = dict[str, Any]

_SIGNED_64: Final[Schema] = {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
_UNSIGNED_64: Final[Schema] = {"type": "string", "format": "uint64", "pattern": "^[0-9]+$"}
_SIGNED_32: Final[Schema] = {"type": "integer", "format": "int32"}
_UNSIGNED_32: Final[Schema] = {"type": "integer", "format": "uint32", "minimum": 0, "maximum": 2**32 - 1}
_SCALARS: Final[dict[int, Schema]] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_INT32: _SIGNED_32,
    FieldDescriptor.TYPE_SINT32: _SIGNED_32,
    FieldDescriptor.TYPE_SFIXED32: _SIGNED_32,
    FieldDescriptor.TYPE_UINT32: _UNSIGNED_32,
    FieldDescriptor.TYPE_FIXED32: _UNSIGNED_32,
    FieldDescriptor.TYPE_INT64: _SIGNED_64,
    FieldDescriptor.TYPE_SINT64: _SIGNED_64,
    FieldDescriptor.TYPE_SFIXED64: _SIGNED_64,
    FieldDescriptor.TYPE_UINT64: _UNSIGNED_64,
    FieldDescriptor.TYPE_FIXED64: _UNSIGNED_64,
}
_WELL_KNOWN: Final[dict[str, Schema]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Empty": {"type": "object", "additionalProperties": False},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Value": {},
}


class Schemas:
    """
    The schemas that were asked for, and those that they need, in `found`.

    All answers have to be asked for before the first request: only then is it known what is used both ways.
    """

    def __init__(self, comments: Comments, names: Names) -> None:
        self.found: dict[str, Schema] = {}
        self._comments = comments
        self._names = names
        self._answers: set[str] = set()

    def answer(self, message: Descriptor) -> Schema:
        """Return a reference to the schema of a message in answers."""
        return self._message(message, is_input=False)

    def request(self, message: Descriptor) -> Schema:
        """Return a reference to the schema of a message in requests."""
        return self._message(message, is_input=True)

    def described(self, name: str, schema: Schema) -> Schema:
        """Return a schema with the comment of what it stands for."""
        comment = self._comments.get(name)
        return schema if comment is None else schema | {"description": comment}

    def _message(self, message: Descriptor, *, is_input: bool) -> Schema:
        if message.file.package == "google.protobuf":
            if message.full_name not in _WELL_KNOWN:
                raise ValueError(f"{message.full_name}: its form in JSON is not described here yet")
            return dict(_WELL_KNOWN[message.full_name])
        name = self._names.of(message)
        if not is_input:
            self._answers.add(message.full_name)
        elif message.full_name in self._answers and not _is_same_both_ways(message, set()):
            name += "Input"
        if name not in self.found:
            self.found[name] = {}  # messages may hold themselves
            self.found[name] = self._object(message, is_input=is_input)
        return _reference(name)

    def _object(self, message: Descriptor, *, is_input: bool) -> Schema:
        properties = {
            field.json_name: self.described(field.full_name, self._field(field, is_input=is_input))
            for field in message.fields
        }
        schema: Schema = {"type": "object", "properties": properties}
        always = [field.json_name for field in message.fields if not field.has_presence]
        if is_input:
            schema["additionalProperties"] = False
        elif always:
            schema["required"] = always
        choices = [
            ", ".join(field.json_name for field in oneof.fields) for oneof in message.oneofs if len(oneof.fields) > 1
        ]
        schema = self.described(message.full_name, schema)
        texts = [schema.get("description", ""), *[f"At most one of: {names}." for names in choices]]
        text = "\n\n".join(filter(None, texts))
        return {"description": text} | schema | {"description": text} if text else schema

    def _field(self, field: FieldDescriptor, *, is_input: bool) -> Schema:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            return {"type": "object", "additionalProperties": self._single(value, is_input=is_input)}
        single = self._single(field, is_input=is_input)
        return {"type": "array", "items": single} if field.is_repeated else single

    def _single(self, field: FieldDescriptor, *, is_input: bool) -> Schema:
        if field.message_type is not None:
            return self._message(field.message_type, is_input=is_input)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return dict(_SCALARS[field.type])

    def _enum(self, enum: EnumDescriptor) -> Schema:
        name = self._names.of(enum)
        if name not in self.found:
            values = [value.name for value in enum.values]
            lines = [self._comments.get(enum.full_name, "")]
            for value in values:
                comment = self._comments.get(f"{enum.full_name}.{value}")
                if comment:
                    lines.append(f"`{value}`: {comment}")
            text = "\n\n".join(filter(None, lines))
            self.found[name] = ({"description": text} if text else {}) | {"type": "string", "enum": values}
        return _reference(name)


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _is_same_both_ways(message: Descriptor, seen: set[str]) -> bool:
    """Whether nothing in a message, at any depth, is required in answers."""
    if message.full_name in seen or message.file.package == "google.protobuf":
        return True
    seen.add(message.full_name)
    return all(
        field.has_presence and (field.message_type is None or _is_same_both_ways(field.message_type, seen))
        for field in message.fields
    )
