"""Evaluation contexts as they come from callers: bounded, then plain values."""

from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation.model import TARGETING_KEY, AttributeValue

from services.runtime.errors import InvalidRequest

MOST_BYTES: Final = 64 * 1024
MOST_LEVELS: Final = 16
"""The context itself is the first level."""


def read_context(message: evaluation_pb2.EvaluationContext) -> dict[str, AttributeValue]:
    """
    Return the attributes by name, as `mirante.wire.context_from_proto` does.

    Raises:
        InvalidRequest: the context is too large or too deep.
    """
    if message.ByteSize() > MOST_BYTES:
        raise _invalid("context", f"is larger than {MOST_BYTES // 1024} KiB")
    context: dict[str, AttributeValue] = {}
    attributes = message.attributes
    for name in attributes:  # `items` of a protobuf map costs three times as much
        value = attributes[name]
        # Most attributes are texts: asking for one is far cheaper than asking which kind there is.
        context[name] = value.string_value or _value(value, name, 2)
    if message.targeting_key:
        context[TARGETING_KEY] = message.targeting_key
    return context


def _value(value: value_pb2.Value, name: str, level: int) -> AttributeValue:
    kind = value.WhichOneof("kind")
    if kind is None:
        return None
    if kind == "list_value":
        _check_level(name, level)
        return [_value(item, name, level + 1) for item in value.list_value.values]
    if kind == "map_value":
        _check_level(name, level)
        return {key: _value(item, name, level + 1) for key, item in value.map_value.fields.items()}
    plain: bool | int | float | str = getattr(value, kind)
    return plain


def _check_level(name: str, level: int) -> None:
    if level > MOST_LEVELS:
        raise _invalid(f"context.{name}", f"is nested more than {MOST_LEVELS} levels deep")


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest.of(field, description, reason=reasons.ERROR_REASON_INVALID_CONTEXT)
