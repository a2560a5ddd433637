"""Values and contexts."""

import datetime
from collections.abc import Mapping, Sequence, Set

from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation import model


def value_from_proto(value: value_pb2.Value) -> model.JsonValue:
    """Return the plain value; an unset `Value` is None."""
    kind = value.WhichOneof("kind")
    if kind is None:
        return None
    if kind == "list_value":
        return [value_from_proto(item) for item in value.list_value.values]
    if kind == "map_value":
        return {name: value_from_proto(item) for name, item in value.map_value.fields.items()}
    plain: bool | int | float | str = getattr(value, kind)
    return plain


def value_to_proto(value: model.AttributeValue) -> value_pb2.Value:
    """
    Return the message for a plain value; a datetime becomes its RFC 3339 string, a set a list.

    Raises:
        ValueError: an integer beyond 64 bits, or a type that has no place in a context.
    """
    message = value_pb2.Value()
    _set_value(message, value)
    return message


def _set_value(message: value_pb2.Value, value: model.AttributeValue) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, int):
        message.int_value = value
    elif isinstance(value, float):
        message.double_value = value
    elif isinstance(value, datetime.datetime):
        message.string_value = value.isoformat()
    elif isinstance(value, Mapping):
        message.map_value.SetInParent()
        for name, item in value.items():
            _set_value(message.map_value.fields[str(name)], item)
    elif isinstance(value, Sequence | Set) and not isinstance(value, bytes):
        message.list_value.SetInParent()
        for item in value:
            _set_value(message.list_value.values.add(), item)
    else:
        raise ValueError(f"a context cannot hold a {type(value).__name__}")


def context_from_proto(message: evaluation_pb2.EvaluationContext) -> dict[str, model.AttributeValue]:
    """Return the attributes by name; an empty targeting key counts as absent."""
    context: dict[str, model.AttributeValue] = {
        name: value_from_proto(value) for name, value in message.attributes.items()
    }
    if message.targeting_key:
        context[model.TARGETING_KEY] = message.targeting_key
    return context


def context_to_proto(context: model.Context) -> evaluation_pb2.EvaluationContext:
    """
    Return the message for a context. A targeting key that is empty or not a string travels as an attribute.

    Raises:
        ValueError: see `value_to_proto`; or the name of an attribute is not a string.
    """
    message = evaluation_pb2.EvaluationContext()
    for name, value in context.items():
        if not isinstance(name, str):
            raise ValueError(f"the name of an attribute is a string, not a {type(name).__name__}")
        if name == model.TARGETING_KEY and value and isinstance(value, str):
            message.targeting_key = value
        else:
            _set_value(message.attributes[name], value)
    return message
