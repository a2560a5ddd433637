"""
Results of the engine as messages: every field of a result goes into the field of the same name. Pure.

What is None is not set. Enums are the member of the same name, moments are timestamps, exact numbers are texts where
the field is one. A result that is a bare list goes into the only field of its message.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message


def filled(message: Message, result: Any) -> None:
    """Fill a message from a result."""
    if isinstance(result, tuple):
        [field] = message.DESCRIPTOR.fields
        _fill_all(getattr(message, field.name), field, result)
        return
    for field in message.DESCRIPTOR.fields:
        _fill(message, field, getattr(result, field.name))


def _fill(message: Message, field: Any, value: Any) -> None:
    if value is None:
        return
    if field.is_repeated:
        _fill_all(getattr(message, field.name), field, value)
    elif field.message_type is not None:
        part = getattr(message, field.name)
        part.SetInParent()
        _fill_message(part, value)
    else:
        setattr(message, field.name, _scalar(field, value))


def _fill_all(container: Any, field: Any, values: Any) -> None:
    if field.message_type is not None:
        for value in values:
            _fill_message(container.add(), value)
    else:
        container.extend(_scalar(field, value) for value in values)


def _fill_message(message: Any, value: Any) -> None:
    if isinstance(value, datetime):
        message.FromDatetime(value)
    elif value is None or isinstance(value, str):
        # An element of a list that may be absent.
        if value is not None:
            message.text = value
    else:
        filled(message, value)


def _scalar(field: Any, value: Any) -> Any:
    if isinstance(value, Enum):
        return enum_number(field.enum_type, value.name)
    if isinstance(value, bool | float):
        return value
    return exact_text(value) if field.type == field.TYPE_STRING else value


def exact_text(value: int | Decimal | str) -> str:
    """Return a number as decimal digits, without an exponent and without zeros at the end of its fraction."""
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=256)
def enum_number(enum: EnumDescriptor, name: str) -> int:
    """Return the number of the member with a name, of an enum whose members share a prefix."""
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    return int(enum.values_by_name[prefix + name].number)
