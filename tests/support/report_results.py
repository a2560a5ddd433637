"""Results of reports made up by their types, and what a message says, to compare with."""

import random
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

_BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)


def made_up(type_: Any, chance: random.Random) -> Any:
    """Return some value of a type of results: absent ones, empty lists and unusual texts among them."""
    arguments = typing.get_args(type_)
    if typing.get_origin(type_) in (types.UnionType, typing.Union):
        return made_up(chance.choice(arguments), chance)
    if typing.get_origin(type_) is tuple:
        return tuple(made_up(arguments[0], chance) for _ in range(chance.randrange(4)))
    if is_dataclass(type_):
        hints = typing.get_type_hints(type_)
        return type_(**{each.name: made_up(hints[each.name], chance) for each in fields(type_)})  # type: ignore[operator]  # it is a type
    if isinstance(type_, type) and issubclass(type_, Enum):
        return chance.choice(list(type_))
    return _SCALARS[type_](chance)


_SCALARS: dict[Any, Any] = {
    int: lambda chance: chance.randrange(2**31),
    float: lambda chance: chance.uniform(-1e6, 1e6),
    bool: lambda chance: chance.random() < 0.5,
    str: lambda chance: "".join(chance.choice('aç"😀,=\n') for _ in range(chance.randrange(8))),
    type(None): lambda _: None,
    Decimal: lambda chance: Decimal(chance.randrange(-(10**15), 10**15)).scaleb(-9),
    datetime: lambda chance: _BEGINNING + timedelta(microseconds=chance.randrange(10**13)),
}


def told(value: Any) -> Any:
    """Return what a result says, as plain data: fields by name, enums by the names of their members."""
    if is_dataclass(value):
        return {each.name: told(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [told(each) for each in value]
    return value.name if isinstance(value, Enum) else value


def read(message: Any, like: Any) -> Any:
    """Return what a message says, as plain data of the same shape as `like`."""
    if isinstance(message, Timestamp):
        return message.ToDatetime(UTC)
    if not isinstance(message, Message):
        return Decimal(message) if isinstance(like, Decimal) else message
    names = {field.name: field for field in message.DESCRIPTOR.fields}
    if isinstance(like, list):
        [name] = names
        return [read(each, kind) for each, kind in zip(getattr(message, name), like, strict=True)]
    if not isinstance(like, dict):
        return message.text if message.HasField("text") else None  # type: ignore[attr-defined]  # a text that may be absent
    return {name: _field(message, names[name], kind) for name, kind in like.items()}


def _field(message: Message, field: Any, like: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        if len(value) != len(like):
            return value
        return [read(each, kind) for each, kind in zip(value, like, strict=True)]
    if field.has_presence and not message.HasField(field.name):
        return None
    if field.enum_type is not None:
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        return field.enum_type.values_by_number[value].name.removeprefix(prefix)
    if isinstance(like, int) and not isinstance(like, bool):
        return int(value)
    return read(value, like)
