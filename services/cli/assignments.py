"""
How values are written on a command line: `name=value`, `name:=json`, percentages; and how they are shown.

Everything here raises `Refusal` (wrong usage) naming the option and what was expected.
"""

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import AttributeValue
from mirante.wire import value_from_proto, value_to_proto

from services.cli.refusals import usage

WHOLE = 100_000
"""All buckets: weights and coverage are integers out of this."""

_TYPE_NAMES = {
    flag_pb2.FLAG_TYPE_BOOL: "true or false",
    flag_pb2.FLAG_TYPE_INTEGER: "an integer",
    flag_pb2.FLAG_TYPE_DOUBLE: "a number",
    flag_pb2.FLAG_TYPE_JSON: "a JSON list or object",
}


def split(option: str, text: str, separator: str = "=") -> tuple[str, str]:
    """Return both sides of `left=right`, the left one not empty."""
    left, found, right = text.partition(separator)
    if not found or not left:
        raise usage(f"{option} {text}: expected NAME{separator}VALUE")
    return left, right


def names(text: str) -> list[str]:
    """Return the names of a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def attributes(option: str, texts: Iterable[str]) -> dict[str, AttributeValue]:
    """Return the attributes of a context: `plan=premium` is a string, `idade:=31` is JSON."""
    found: dict[str, AttributeValue] = {}
    for text in texts:
        name, value = split(option, text)
        if name.endswith(":"):
            found[name[:-1]] = json_value(option, text, value)
        else:
            found[name] = value
    return found


def json_value(option: str, text: str, value: str) -> AttributeValue:
    """Return JSON as a plain value."""
    try:
        parsed: AttributeValue = json.loads(value)
    except ValueError as error:
        raise usage(f"{option} {text}: not JSON: {error}") from None
    return parsed


def variant_value(text: str, value: str, flag_type: flag_pb2.FlagType.ValueType) -> value_pb2.Value:
    """Return the value of `--variant name=value` in the flag's type."""
    if flag_type == flag_pb2.FLAG_TYPE_STRING:
        return value_to_proto(value)
    wanted = usage(f"--variant {text}: expected {_TYPE_NAMES[flag_type]}")
    try:
        parsed = json.loads(value)
        message = value_to_proto(float(parsed) if _is_number(parsed) and _is_double(flag_type) else parsed)
    except (ValueError, OverflowError):
        raise wanted from None
    kinds = {
        flag_pb2.FLAG_TYPE_BOOL: ("bool_value",),
        flag_pb2.FLAG_TYPE_INTEGER: ("int_value",),
        flag_pb2.FLAG_TYPE_DOUBLE: ("double_value",),
        flag_pb2.FLAG_TYPE_JSON: ("list_value", "map_value"),
    }
    if message.WhichOneof("kind") not in kinds[flag_type]:
        raise wanted
    return message


def weight(option: str, text: str) -> int:
    """Return a percentage as an integer out of 100,000."""
    try:
        exact = Decimal(text.strip().removesuffix("%")) * (WHOLE // 100)
        if exact.is_finite() and exact == int(exact) and 0 <= exact <= WHOLE:
            return int(exact)
    except InvalidOperation:
        pass
    raise usage(f"{option} {text}: expected a percentage from 0 to 100 with at most three decimals")


def percent(weight: int) -> str:
    """Return an integer out of 100,000 as a percentage."""
    return f"{Decimal(weight) / (WHOLE // 100):f}%"


def value_text(value: value_pb2.Value) -> str:
    """Return a value as a person would write it."""
    plain = value_from_proto(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_double(flag_type: flag_pb2.FlagType.ValueType) -> bool:
    return flag_type == flag_pb2.FLAG_TYPE_DOUBLE
