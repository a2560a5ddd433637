"""Plain values as YAML text: short lists and maps on one line, everything else in blocks."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from services.runtime.yaml_documents.scalars import written

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

_WIDTH: Final = 100
_LONGEST_KEY: Final = 1000
"""YAML takes keys of up to 1024 characters without the mark for complex keys."""


def block(value: dict[str, Plain], indent: int) -> Iterator[str]:
    """Yield the lines of a map, each with its indentation."""
    margin = " " * indent
    for name, item in value.items():
        key = written(name)
        head = f"{key}:"
        if len(key) > _LONGEST_KEY:
            yield f"{margin}? {key}"
            head = ":"
        yield from _item(f"{margin}{head}", item, indent + 2)


def _item(head: str, item: Plain, indent: int) -> Iterator[str]:
    line = one_line(item)
    if line is not None:
        yield f"{head} {line}"
        return
    yield head
    if isinstance(item, dict):
        yield from block(item, indent)
    elif isinstance(item, list):
        for element in item:
            yield from _element(element, indent)


def _element(element: Plain, indent: int) -> Iterator[str]:
    """Yield the lines of an element of a list; a map begins on the line of its dash."""
    margin = " " * indent
    if not isinstance(element, dict) or one_line(element) is not None:
        yield from _item(f"{margin}-", element, indent + 2)
        return
    lines = block(element, indent + 2)
    yield f"{margin}- {next(lines)[indent + 2 :]}"
    yield from lines


def one_line(value: Plain) -> str | None:
    """Return the value on one line; None for what is too long for that, or too deep to be read."""
    if isinstance(value, list):
        return _joined("[", [_leaf(element) for element in value], "]")
    if isinstance(value, dict):
        leaves = [(written(name), _shallow(item)) for name, item in value.items()]
        return _joined("{", [None if leaf is None else f"{name}: {leaf}" for name, leaf in leaves], "}")
    return written(value)


def _shallow(value: Plain) -> str | None:
    return None if isinstance(value, dict) and value else one_line(value)


def _leaf(value: Plain) -> str | None:
    return None if isinstance(value, dict | list) and value else one_line(value)


def _joined(opening: str, parts: list[str | None], closing: str) -> str | None:
    known = [part for part in parts if part is not None]
    line = f"{opening}{', '.join(known)}{closing}"
    return line if len(known) == len(parts) and len(line) <= _WIDTH else None
