"""YAML text as a tree of nodes that know their line. Bounded in size, depth and number; nothing is ever expanded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from services.runtime.yaml_documents.scalars import Scalar, resolved

MAX_DEPTH: Final = 40
MAX_NODES: Final = 500_000

Content: TypeAlias = "Scalar | list[Node] | dict[str, Node]"


class InvalidYaml(Exception):
    """The text is not YAML, or more than is taken. The message begins with line and column, counted from 1."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")


@dataclass(frozen=True, slots=True)
class Node:
    """
    A value and where it stands.

    `text` is a scalar as it was written, for fields that are texts whatever they look like ("007"); None for lists and
    maps, and for null.
    """

    value: Content
    text: str | None
    line: int


def read_nodes(text: str) -> Node:
    """
    Return the root of the one document in `text`.

    Raises:
        InvalidYaml: the text is not YAML, has not exactly one document, an anchor, an alias, a tag or a key twice, or
            is too deep or too long.
    """
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part) or "not YAML"
        raise InvalidYaml(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, what) from None
    except ReaderError as error:
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1) + 1
        raise InvalidYaml(before.count("\n") + 1, column, "a character that YAML does not allow") from None
    except YAMLError:
        raise InvalidYaml(1, 1, "not YAML") from None
    if builder.root is None:
        raise InvalidYaml(1, 1, "the document is empty")
    return builder.root


def _events(text: str) -> Iterator[Event]:
    yaml = YAML(typ="safe", pure=True)
    yield from yaml.parse(text)


class _Builder:
    """Puts events together, without recursion: the depth is the sender's choice."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Node, str | None]] = []
        """The lists and maps around, each map with the key whose value comes next."""
        self._nodes = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        try:
            self._take(event, line)
        except ValueError as error:
            raise InvalidYaml(line, column, str(error)) from None

    def _take(self, event: Event, line: int) -> None:
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ValueError("only one document is taken")
        elif isinstance(event, AliasEvent):
            raise ValueError("aliases are not supported: write it out")
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            node, _ = self._open.pop()
            self._add(node)
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            self._begin(event, line)

    def _begin(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, line: int) -> None:
        if event.anchor is not None:
            raise ValueError("anchors are not supported")
        if event.tag is not None:
            raise ValueError(f"tags such as {event.tag} are not supported")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} values")
        if isinstance(event, ScalarEvent):
            value: Scalar = event.value if event.style else resolved(event.value)
            self._add(Node(value, None if value is None else event.value, line))
            return
        if len(self._open) >= MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
        self._open.append((Node({} if isinstance(event, MappingStartEvent) else [], None, line), None))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node if node.value is not None else None
            return
        parent, key = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            if key is not None:
                parent.value[key] = node
                self._open[-1] = (parent, None)
                return
            if node.text is None:
                raise ValueError("a key must be a text")
            if node.text in parent.value:
                raise ValueError(f"the key {node.text!r} is there twice")
            self._open[-1] = (parent, node.text)
