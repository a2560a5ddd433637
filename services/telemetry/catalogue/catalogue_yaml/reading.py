"""A catalogue, from YAML."""

import re
from collections.abc import Collection, Mapping, Sized
from typing import Final, TypeVar

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations
from services.runtime.yaml_documents.document import read_document
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node
from services.telemetry.catalogue.catalogue_yaml.names import POLICIES
from services.telemetry.catalogue.catalogue_yaml.properties import read_property

MAX_MEBIBYTES: Final = 1

_EVENTS: Final = 1_000
_PROPERTIES: Final = 255
_SOURCES: Final = 20
_LAST_VERSION: Final = 2**31 - 1
_DESCRIPTION: Final = 2_000
_OWNER: Final = 200
_SHORT: Final = 100
_EVENT_FIELDS: Final = ("version", "description", "owner", "policy", "sources", "stamps_trait", "properties")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)

Number = TypeVar("Number")


def read_catalogue(text: str) -> pb2.Catalogue:
    """
    Return the catalogue that a document describes, without a version of its own. Whatever is returned is sound.

    Raises:
        InvalidRequest: INVALID_REQUEST for a document that is too large, INVALID_YAML with line and column for one that
            is not YAML, INVALID_DEFINITION with paths such as "events.venda_criada.properties.valor.type" for fields
            that are unknown, missing, too long or contradict each other.
    """
    root = read_document(text, MAX_MEBIBYTES)
    problems = Problems()
    fields = Fields(root, "", problems, ("policy", "events"))
    entries = fields.entries("events")
    _check_number(fields, "events", entries, _EVENTS)
    catalogue = pb2.Catalogue(
        policy=_named(fields, "policy", POLICIES) or pb2.POLICY_OPEN,
        events=[_event(name, _or_empty(node), path, problems) for name, path, node in entries],
    )
    if problems.found:
        raise InvalidRequest(problems.found, reason=reasons.ERROR_REASON_INVALID_DEFINITION)
    return catalogue


def _event(name: str, node: Node, path: str, problems: Problems) -> pb2.EventDefinition:
    if not _NAME.fullmatch(name):
        problems.add(path, node, "a name must be 1 to 100 characters of a-z, 0-9 and '_', beginning with a letter")
    fields = Fields(node, path, problems, _EVENT_FIELDS)
    properties = fields.entries("properties")
    sources = [(fields.text_of(source, where), where, source) for where, source in fields.items("sources")]
    _check_number(fields, "properties", properties, _PROPERTIES)
    _check_number(fields, "sources", sources, _SOURCES)
    for source, where, at in sources:
        _check_text(problems, where, at, source, _SHORT)
    return pb2.EventDefinition(
        name=name,
        version=_version(fields),
        description=_text(fields, "description", _DESCRIPTION, lines=True),
        owner=_text(fields, "owner", _OWNER),
        policy=_named(fields, "policy", POLICIES) or pb2.POLICY_UNSPECIFIED,
        properties=[read_property(each, value, where, problems) for each, where, value in properties],
        stamps_trait=_text(fields, "stamps_trait", _SHORT),
        sources=[source for source, _, _ in sources],
    )


def _version(fields: Fields) -> int:
    node = fields.get("version")
    if node is None:
        return 1
    version = fields.integer("version", _LAST_VERSION)
    if node.value == 0:
        fields.problems.add(fields.path_of("version"), node, "must be at least 1")
    return version


def _named(fields: Fields, name: str, known: Mapping[str, Number]) -> Number | None:
    """Return what a name stands for; None when the field is absent or the name is unknown."""
    node = fields.get(name)
    if node is None:
        return None
    word = fields.text(name)
    if node.text is not None and word not in known:
        fields.problems.unknown(fields.path_of(name), node, name, word, known)
    return known.get(word)


def _text(fields: Fields, name: str, most: int, *, lines: bool = False) -> str:
    node = fields.get(name)
    if node is None:
        return ""
    text = fields.text(name)
    _check_text(fields.problems, fields.path_of(name), node, text, most, lines=lines)
    return text


def _check_text(problems: Problems, path: str, node: Node, text: str, most: int, *, lines: bool = False) -> None:
    for violation in text_violations(path, text, most, lines=lines):
        problems.add(path, node, violation.description)


def _check_number(fields: Fields, name: str, found: Collection[Sized], most: int) -> None:
    node = fields.get(name)
    if node is not None and len(found) > most:
        fields.problems.add(fields.path_of(name), node, f"may be {most} at most, got {len(found)}")


def _or_empty(node: Node) -> Node:
    """Return the node; for an event with nothing after its name, one that says nothing."""
    return Node({}, None, node.line) if node.value is None else node
