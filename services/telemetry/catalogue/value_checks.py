"""
Whether the value of a property is what its definition says. Pure.

A check returns None for a value that fits, else the reason, which holds nothing of the value. Reasons are made when a
definition is compiled, never for a value: there are few, and the same ones come again.
"""

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.wire import value_from_proto

from services.telemetry.catalogue.personal_data import is_hashed

Check: TypeAlias = Callable[[value_pb2.Value], str | None]

REQUIRED: Final = "is required"

_MOST_NAMED: Final = 100
"""Characters of the allowed values that a reason repeats."""
_DECIMAL: Final = re.compile(r"(?=.{1,40}\Z)[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ][0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-][0-2]\d:[0-5]\d)", re.ASCII
)
_KINDS: Final[Mapping[pb2.PropertyType.ValueType, Collection[str]]] = {
    pb2.PROPERTY_TYPE_STRING: ("string_value",),
    pb2.PROPERTY_TYPE_INTEGER: ("int_value",),
    pb2.PROPERTY_TYPE_NUMBER: ("double_value", "int_value"),
    pb2.PROPERTY_TYPE_BOOL: ("bool_value",),
    pb2.PROPERTY_TYPE_DECIMAL: ("string_value",),
    pb2.PROPERTY_TYPE_TIMESTAMP: ("string_value",),
    pb2.PROPERTY_TYPE_LIST: ("list_value",),
    pb2.PROPERTY_TYPE_MAP: ("map_value",),
}
_EXPECTED: Final[Mapping[pb2.PropertyType.ValueType, str]] = {
    pb2.PROPERTY_TYPE_STRING: "a string",
    pb2.PROPERTY_TYPE_INTEGER: "an integer",
    pb2.PROPERTY_TYPE_NUMBER: "a number",
    pb2.PROPERTY_TYPE_BOOL: "true or false",
    pb2.PROPERTY_TYPE_DECIMAL: 'a decimal string such as "1234.50"',
    pb2.PROPERTY_TYPE_TIMESTAMP: "an RFC 3339 string such as 2026-11-23T12:00:00Z",
    pb2.PROPERTY_TYPE_LIST: "a list",
    pb2.PROPERTY_TYPE_MAP: "a map",
}
_NAMES_OF_KINDS: Final = {
    "string_value": "a string",
    "int_value": "an integer",
    "double_value": "a number with a fraction",
    "bool_value": "a boolean",
    "list_value": "a list",
    "map_value": "a map",
}


def check_of(definition: pb2.PropertyDefinition) -> Check:
    """
    Return the check of a property's value. Null counts as no value.

    A hashed value fits whatever the type is: the event was masked before, and comes again as a dead letter.
    """
    return _quick(definition, _thorough(definition))


def _thorough(definition: pb2.PropertyDefinition) -> Check:
    kinds, fits = _KINDS[definition.type], _content_of(definition)
    null_reason = REQUIRED if definition.required else None
    expected = f"must be {_EXPECTED[definition.type]}"
    wrong_kind = {kind: f"{expected}, got {name}" for kind, name in _NAMES_OF_KINDS.items()}
    wrong_content = _allowed_reason(definition) if definition.allowed else expected
    may_be_hashed = definition.personal_data == pb2.PERSONAL_DATA_HASH

    def check(value: value_pb2.Value) -> str | None:
        kind = value.WhichOneof("kind")
        if kind is None:
            return null_reason
        if may_be_hashed and is_hashed(value):
            return None
        if kind not in kinds:
            return wrong_kind[kind]
        return None if fits(getattr(value, kind)) else wrong_content

    return check


def _quick(definition: pb2.PropertyDefinition, thorough: Check) -> Check:
    """
    Return the same check, made quick for values that fit.

    Asking a value for its text gives an empty one when it is of another kind, which costs half of asking for its kind.
    """
    if definition.allowed:
        texts = frozenset(each.string_value for each in definition.allowed) - {""}
        return lambda value: None if value.string_value in texts else thorough(value)
    if definition.type == pb2.PROPERTY_TYPE_STRING:
        return lambda value: None if value.string_value else thorough(value)
    if definition.type == pb2.PROPERTY_TYPE_INTEGER:
        return lambda value: None if value.int_value else thorough(value)
    if definition.type == pb2.PROPERTY_TYPE_DECIMAL:
        matches = _DECIMAL.fullmatch
        return lambda value: None if matches(value.string_value) else thorough(value)
    return thorough


def is_decimal(text: str) -> bool:
    """Return whether a text is a decimal of at most 40 characters."""
    return _DECIMAL.fullmatch(text) is not None


def is_timestamp(text: str) -> bool:
    """Return whether a text is a date and time of RFC 3339, offset included, that there is in the calendar."""
    if _TIMESTAMP.fullmatch(text) is None:
        return False
    try:
        datetime.datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _content_of(definition: pb2.PropertyDefinition) -> Callable[[Any], bool]:
    """Return what a value of the right kind must fulfil."""
    if definition.allowed:
        # All are of the definition's type, so 1 and true never meet here.
        return frozenset(value_from_proto(value) for value in definition.allowed).__contains__
    if definition.type == pb2.PROPERTY_TYPE_DECIMAL:
        return is_decimal
    return is_timestamp if definition.type == pb2.PROPERTY_TYPE_TIMESTAMP else _is_anything


def _is_anything(_: object) -> bool:
    return True


def _allowed_reason(definition: pb2.PropertyDefinition) -> str:
    named = ", ".join([str(value_from_proto(value)) for value in definition.allowed])
    if len(named) > _MOST_NAMED:
        return f"must be one of the {len(definition.allowed)} allowed values"
    return f"must be one of {named}"
