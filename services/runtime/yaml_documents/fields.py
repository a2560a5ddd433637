"""Reads the fields of a map, and collects everything that is wrong with them."""

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from mirante.evaluation.model import Violation

from services.runtime.yaml_documents.nodes import Node

_MOST: Final = 100


class Problems:
    """What is wrong with a document; the first hundred places."""

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def add(self, path: str, node: Node, what: str) -> None:
        """Record what is wrong at a path."""
        if len(self.found) < _MOST:
            self.found.append(Violation(path, f"{what} (line {node.line})"))

    def unknown(self, path: str, node: Node, kind: str, name: str, known: Iterable[str]) -> None:
        """Record a name that does not exist, with the one that was probably meant."""
        close = difflib.get_close_matches(name, list(known), n=1)
        self.add(path, node, f"unknown {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))


class Fields:
    """
    The fields of one map. Every method notes what is wrong and then answers as if the field were not there.

    A field with nothing after the colon counts as absent.
    """

    def __init__(self, node: Node, path: str, problems: Problems, known: Collection[str]) -> None:
        self.node = node
        self.path = path
        self.problems = problems
        self._nodes: dict[str, Node] = {}
        if not isinstance(node.value, dict):
            problems.add(path or "yaml", node, "must be a map")
            return
        for name, value in node.value.items():
            if name not in known:
                problems.unknown(self.path_of(name), value, "field", name, known)
            elif value.value is not None:
                self._nodes[name] = value

    def path_of(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def get(self, name: str) -> Node | None:
        """Return the node of a field."""
        return self._nodes.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Return a text; numbers and booleans count as they are written."""
        node = self.get(name)
        return default if node is None else self.text_of(node, self.path_of(name))

    def text_of(self, node: Node, path: str) -> str:
        """Return the text of a node."""
        if node.text is None:
            self.problems.add(path, node, "must be a text")
            return ""
        return node.text

    def switch(self, name: str) -> bool | None:
        """Return true or false; None when absent."""
        node = self.get(name)
        if node is None or isinstance(node.value, bool):
            return None if node is None else bool(node.value)
        self.problems.add(self.path_of(name), node, "must be true or false")
        return None

    def integer(self, name: str, most: int) -> int:
        """Return an integer from 0 to `most`; 0 when absent."""
        node = self.get(name)
        if node is None:
            return 0
        if isinstance(node.value, int) and not isinstance(node.value, bool) and 0 <= node.value <= most:
            return node.value
        self.problems.add(self.path_of(name), node, f"must be an integer from 0 to {most}")
        return 0

    def items(self, name: str) -> list[tuple[str, Node]]:
        """Return the path and node of each element of a list; a single value counts as a list of one."""
        node = self.get(name)
        if node is None:
            return []
        if isinstance(node.value, dict):
            self.problems.add(self.path_of(name), node, "must be a list")
            return []
        elements = node.value if isinstance(node.value, list) else [node]
        return [(f"{self.path_of(name)}[{position}]", element) for position, element in enumerate(elements)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        return [self.text_of(node, path) for path, node in self.items(name)]

    def entries(self, name: str) -> list[tuple[str, str, Node]]:
        """Return the key, path and node of each entry of a map."""
        node = self.get(name)
        if node is None:
            return []
        if not isinstance(node.value, dict):
            self.problems.add(self.path_of(name), node, "must be a map")
            return []
        return [(key, f"{self.path_of(name)}.{key}", entry) for key, entry in node.value.items()]
