"""A catalogue, as YAML that reads back as the same catalogue."""

from collections.abc import Iterator

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.wire import value_from_proto

from services.runtime.yaml_documents.layout import Plain, block
from services.telemetry.catalogue.catalogue_yaml.names import PERSONAL_DATA_NAMES, POLICY_NAMES, TYPE_NAMES


def write_catalogue(catalogue: pb2.Catalogue) -> str:
    """Return the document of a catalogue; its version stands in a comment."""
    lines = []
    if catalogue.version:
        lines.append(f"# version {catalogue.version}")
    lines.append(f"policy: {POLICY_NAMES.get(catalogue.policy, 'open')}")
    lines += _events(catalogue) if catalogue.events else ["events: {}"]
    return "\n".join([*lines, ""])


def _events(catalogue: pb2.Catalogue) -> Iterator[str]:
    yield "events:"
    for event in catalogue.events:
        yield from block({event.name: _event(event)}, 2)


def _event(event: pb2.EventDefinition) -> dict[str, Plain]:
    return _without_unset(
        {
            "version": event.version if event.version > 1 else None,
            "description": event.description,
            "owner": event.owner,
            "policy": POLICY_NAMES.get(event.policy),
            "sources": list(event.sources),
            "stamps_trait": event.stamps_trait,
            "properties": {each.name: _property(each) for each in event.properties},
        }
    )


def _property(definition: pb2.PropertyDefinition) -> Plain:
    plain = _without_unset(
        {
            "type": TYPE_NAMES[definition.type],
            "required": definition.required or None,
            "allowed": [value_from_proto(value) for value in definition.allowed],
            "description": definition.description,
            "personal_data": PERSONAL_DATA_NAMES.get(definition.personal_data),
        }
    )
    return plain["type"] if len(plain) == 1 else plain


def _without_unset(plain: dict[str, Plain]) -> dict[str, Plain]:
    return {name: value for name, value in plain.items() if value not in (None, "", [], {})}
