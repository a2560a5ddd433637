"""Properties and traits as messages that keep their types."""

import datetime
import decimal
import math
import uuid
from collections.abc import Mapping, MutableMapping, Sequence, Set
from typing import Final, TypeAlias, cast

from mirante.api.common.v1 import value_pb2

PropertyValue: TypeAlias = (
    bool
    | int
    | float
    | str
    | decimal.Decimal
    | datetime.datetime
    | datetime.date
    | uuid.UUID
    | Sequence["PropertyValue"]
    | Set["PropertyValue"]
    | Mapping[str, "PropertyValue"]
    | None
)
"""What a property or a trait may be. Money is a Decimal, or a decimal string, and never a float."""

LARGEST_EVENT: Final = 64 << 10
"""Bytes that an event may have."""

_MOST_LEVELS: Final = 16
"""More than the service takes; here it only ends structures that hold themselves."""
_MOST_DIGITS: Final = 1_000
_SMALLEST_INT, _LARGEST_INT = -(1 << 63), (1 << 63) - 1


class ValueWriter:
    """
    Sets values of one event. Whoever hands over too much is stopped before it becomes a message.

    A Decimal becomes its decimal string, a datetime its RFC 3339 string (without an offset it is UTC), a set a list.
    Errors are ValueErrors that begin with the path of the value, such as "properties.valor", and never hold content.
    """

    def __init__(self) -> None:
        # A value takes two bytes at least.
        self._left = LARGEST_EVENT // 2

    def set_fields(self, target: object, values: object, path: str, level: int = 1) -> None:
        """
        Set values by name.

        Args:
            target: the map field of a message.
            values: a mapping.
            path: how errors name it, for instance "properties".
            level: how deeply it is nested.

        Raises:
            ValueError: see the class.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"{path}: must be a mapping, not a {type(values).__name__}")
        fields = cast("MutableMapping[str, value_pb2.Value]", target)
        for name, value in values.items():
            if not isinstance(name, str):
                raise ValueError(f"{path}: a name must be a string, not a {type(name).__name__}")
            try:
                message = fields[name]
            except UnicodeError:
                raise ValueError(f"{path}: a name is no valid Unicode") from None
            self.set_value(message, value, f"{path}.{name}", level)

    def set_value(self, message: value_pb2.Value, value: object, path: str, level: int = 1) -> None:
        """Set one value, as `set_fields` does."""
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"{path}: holds more values than an event may")
        if value is None:
            message.Clear()
        elif isinstance(value, str):
            if len(value) > LARGEST_EVENT:
                raise ValueError(f"{path}: is longer than an event may be")
            try:
                message.string_value = value
            except UnicodeError:
                raise ValueError(f"{path}: is no valid Unicode") from None
        elif isinstance(value, bool):
            message.bool_value = value
        elif isinstance(value, int):
            if not _SMALLEST_INT <= value <= _LARGEST_INT:
                raise ValueError(f"{path}: is an integer beyond 64 bits")
            message.int_value = value
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError(f"{path}: is not a finite number")
            message.double_value = value
        else:
            self._set_other(message, value, path, level)

    def _set_other(self, message: value_pb2.Value, value: object, path: str, level: int) -> None:
        plain = _text(value, path)
        if plain is not None:
            message.string_value = plain
        elif level >= _MOST_LEVELS:
            raise ValueError(f"{path}: is nested more than {_MOST_LEVELS} levels deep")
        elif isinstance(value, Mapping):
            message.map_value.SetInParent()
            self.set_fields(message.map_value.fields, value, path, level + 1)
        elif isinstance(value, Sequence | Set) and not isinstance(value, bytes | bytearray | memoryview):
            message.list_value.SetInParent()
            for item in value:
                self.set_value(message.list_value.values.add(), item, path, level + 1)
        else:
            raise ValueError(f"{path}: a {type(value).__name__} has no place in an event")


def with_offset(moment: datetime.datetime) -> datetime.datetime:
    """Return the moment; without an offset it is UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)


def _text(value: object, path: str) -> str | None:
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise ValueError(f"{path}: is not a finite number")
        if abs(value.adjusted()) > _MOST_DIGITS or len(value.as_tuple().digits) > _MOST_DIGITS:
            raise ValueError(f"{path}: has more than {_MOST_DIGITS} digits")
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return with_offset(value).isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else None
