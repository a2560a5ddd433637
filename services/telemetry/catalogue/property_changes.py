"""What changes about the properties of an event. Pure."""

from collections.abc import Iterator
from typing import Final

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.telemetry.catalogue.catalogue_yaml.names import PERSONAL_DATA_NAMES, TYPE_NAMES

Difference = tuple[str, bool]
"""In words, and whether events that were valid may not be any more."""

# Whatever is of the first type is of the second one too.
_WIDENED: Final = frozenset(
    {
        (pb2.PROPERTY_TYPE_INTEGER, pb2.PROPERTY_TYPE_NUMBER),
        (pb2.PROPERTY_TYPE_DECIMAL, pb2.PROPERTY_TYPE_STRING),
        (pb2.PROPERTY_TYPE_TIMESTAMP, pb2.PROPERTY_TYPE_STRING),
    }
)


def property_changes(before: pb2.EventDefinition, after: pb2.EventDefinition, *, strict: bool) -> Iterator[Difference]:
    """
    Yield what changes, in the order of the definitions.

    Args:
        before: the stored definition.
        after: the wanted one.
        strict: whether the event is strict afterwards: then a property that is not declared is a violation.
    """
    old = {each.name: each for each in before.properties}
    new = {each.name: each for each in after.properties}
    for name, definition in new.items():
        if name not in old:
            # What was sent under this name before was never declared, so it does not count as valid.
            yield f"properties.{name}: added" + (", required" if definition.required else ""), definition.required
        else:
            yield from _changes(old[name], definition)
    for name in old.keys() - new.keys():
        yield f"properties.{name}: removed", strict
    if old.keys() == new.keys() and list(old) != list(new):
        yield "properties: in another order", False


def _changes(before: pb2.PropertyDefinition, after: pb2.PropertyDefinition) -> Iterator[Difference]:
    path = f"properties.{after.name}"
    if before.required != after.required:
        yield f"{path}: {'now required' if after.required else 'no longer required'}", after.required
    if before.type != after.type:
        is_wider = (before.type, after.type) in _WIDENED
        yield f"{path}.type: {TYPE_NAMES[before.type]} -> {TYPE_NAMES[after.type]}", not is_wider
    yield from _allowed(path, before, after)
    if before.personal_data != after.personal_data:
        marks = [PERSONAL_DATA_NAMES.get(each.personal_data, "none") for each in (before, after)]
        yield f"{path}.personal_data: {' -> '.join(marks)}", False
    if before.description != after.description:
        yield f"{path}.description: changed", False


def _allowed(path: str, before: pb2.PropertyDefinition, after: pb2.PropertyDefinition) -> Iterator[Difference]:
    # 1 and 1.0 are different messages and the same value.
    old, new = ({_value(value) for value in each.allowed} for each in (before, after))
    if old and not new:
        yield f"{path}.allowed: any value", False
    elif new and not old:
        yield f"{path}.allowed: only {len(new)} values from now on", True
    elif removed := len(old - new):
        yield f"{path}.allowed: {removed} of {len(old)} values removed", True
    elif added := len(new - old):
        yield f"{path}.allowed: {added} values added", False
    elif list(before.allowed) != list(after.allowed):
        yield f"{path}.allowed: in another order", False


def _value(value: value_pb2.Value) -> object:
    return getattr(value, value.WhichOneof("kind") or "")
