"""The properties of an event, from YAML."""

import math
from collections.abc import Mapping
from typing import Final, TypeVar

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.texts import text_violations
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node
from services.telemetry.catalogue.catalogue_yaml.names import PERSONAL_DATA, TYPES
from services.telemetry.catalogue.value_checks import is_decimal, is_timestamp

_FIELDS: Final = ("type", "required", "allowed", "description", "personal_data")
_NAME_BYTES: Final = 100
_DESCRIPTION: Final = 2_000
_ALLOWED: Final = 1_000
_ALLOWED_LENGTH: Final = 200
_TEXTS: Final = (pb2.PROPERTY_TYPE_STRING, pb2.PROPERTY_TYPE_DECIMAL, pb2.PROPERTY_TYPE_TIMESTAMP)
_CANNOT_BE_HASHED: Final = (pb2.PROPERTY_TYPE_BOOL, pb2.PROPERTY_TYPE_LIST, pb2.PROPERTY_TYPE_MAP)
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1

Number = TypeVar("Number")


def read_property(name: str, node: Node, path: str, problems: Problems) -> pb2.PropertyDefinition:
    """Return the property that a node describes: the name of a type, or a map."""
    if not name or len(name.encode()) > _NAME_BYTES or list(text_violations("", name, _NAME_BYTES)):
        problems.add(path, node, f"a name must be 1 to {_NAME_BYTES} bytes without control characters")
    if isinstance(node.value, str):
        kind = _known(node, path, problems, "type", TYPES)
        return pb2.PropertyDefinition(name=name, type=kind or pb2.PROPERTY_TYPE_UNSPECIFIED)
    fields = Fields(node, path, problems, _FIELDS)
    definition = pb2.PropertyDefinition(
        name=name,
        type=_type(fields),
        required=fields.switch("required") or False,
        description=_description(fields),
        personal_data=_personal_data(fields),
    )
    if definition.type:
        _read_allowed(fields, definition)
        _check_personal_data(fields, definition)
    return definition


def _type(fields: Fields) -> pb2.PropertyType.ValueType:
    node = fields.get("type")
    if node is None:
        if isinstance(fields.node.value, dict):
            fields.problems.add(fields.path_of("type"), fields.node, f"is missing: one of {', '.join(TYPES)}")
        return pb2.PROPERTY_TYPE_UNSPECIFIED
    return _known(node, fields.path_of("type"), fields.problems, "type", TYPES) or pb2.PROPERTY_TYPE_UNSPECIFIED


def _personal_data(fields: Fields) -> pb2.PersonalData.ValueType:
    node = fields.get("personal_data")
    if node is None:
        return pb2.PERSONAL_DATA_UNSPECIFIED
    found = _known(node, fields.path_of("personal_data"), fields.problems, "mark", PERSONAL_DATA)
    return found or pb2.PERSONAL_DATA_UNSPECIFIED


def _known(node: Node, path: str, problems: Problems, kind: str, known: Mapping[str, Number]) -> Number | None:
    found = known.get(node.text or "")
    if found is None:
        problems.unknown(path, node, kind, node.text or "", known)
    return found


def _description(fields: Fields) -> str:
    node = fields.get("description")
    if node is None:
        return ""
    text = fields.text("description")
    for violation in text_violations("", text, _DESCRIPTION, lines=True):
        fields.problems.add(fields.path_of("description"), node, violation.description)
    return text


def _read_allowed(fields: Fields, definition: pb2.PropertyDefinition) -> None:
    """Add the allowed values, each of the property's type."""
    node, path = fields.get("allowed"), fields.path_of("allowed")
    if node is None:
        return
    found = fields.items("allowed")
    if definition.type in (pb2.PROPERTY_TYPE_LIST, pb2.PROPERTY_TYPE_MAP):
        fields.problems.add(path, node, "cannot be given for lists and maps")
        return
    if not 0 < len(found) <= _ALLOWED:
        fields.problems.add(path, node, f"must be 1 to {_ALLOWED} values, got {len(found)}")
    seen: set[bytes] = set()
    for where, each in found:
        value = _allowed(definition.type, each)
        if value is None:
            fields.problems.add(where, each, "is not of the property's type")
        elif value.SerializeToString() in seen:
            fields.problems.add(where, each, "is there twice")
        elif len(value.string_value) > _ALLOWED_LENGTH or "\x00" in value.string_value:
            fields.problems.add(where, each, f"must have {_ALLOWED_LENGTH} characters at most, and no NUL")
        else:
            seen.add(value.SerializeToString())
            definition.allowed.append(value)


def _allowed(kind: pb2.PropertyType.ValueType, node: Node) -> value_pb2.Value | None:
    """Return the value of a node in a type; None when it is of another."""
    value = node.value
    if kind in _TEXTS:
        fits = {pb2.PROPERTY_TYPE_DECIMAL: is_decimal, pb2.PROPERTY_TYPE_TIMESTAMP: is_timestamp}.get(kind)
        # As it is written: 10.50 is a decimal without quotes too.
        if node.text is None or (fits is not None and not fits(node.text)):
            return None
        return value_pb2.Value(string_value=node.text)
    if isinstance(value, bool):
        return value_pb2.Value(bool_value=value) if kind == pb2.PROPERTY_TYPE_BOOL else None
    if isinstance(value, int) and kind in (pb2.PROPERTY_TYPE_INTEGER, pb2.PROPERTY_TYPE_NUMBER):
        return value_pb2.Value(int_value=value) if _SMALLEST <= value <= _LARGEST else None
    if isinstance(value, float) and kind == pb2.PROPERTY_TYPE_NUMBER and math.isfinite(value):
        return value_pb2.Value(double_value=value)
    return None


def _check_personal_data(fields: Fields, definition: pb2.PropertyDefinition) -> None:
    """Note marks after which an event would no longer be what its definition says."""
    node, path, mark = fields.get("personal_data"), fields.path_of("personal_data"), definition.personal_data
    if node is None:
        return
    if mark == pb2.PERSONAL_DATA_MASK and definition.type != pb2.PROPERTY_TYPE_STRING:
        fields.problems.add(path, node, "only strings can be masked: hash it or drop it")
    if mark == pb2.PERSONAL_DATA_HASH and definition.type in _CANNOT_BE_HASHED:
        fields.problems.add(path, node, "cannot be hashed: keep it or drop it")
    if mark == pb2.PERSONAL_DATA_DROP and definition.required:
        fields.problems.add(path, node, "what is dropped cannot be required")
    if mark in (pb2.PERSONAL_DATA_HASH, pb2.PERSONAL_DATA_MASK) and definition.allowed:
        fields.problems.add(path, node, "what is hashed or masked cannot have allowed values")
