"""Things that a careless or ill-meaning caller may put into a context."""

import decimal
import enum
import uuid
from collections.abc import Iterator, Mapping
from typing import Any


class Trap(Exception):
    """What the values below raise."""


class RaisingObject:
    """Raises whatever one does with it."""

    def __eq__(self, other: object) -> bool:
        raise Trap

    def __hash__(self) -> int:
        raise Trap

    def __bool__(self) -> bool:
        raise Trap

    def __len__(self) -> int:
        raise Trap

    def __str__(self) -> str:
        raise Trap

    def __getattribute__(self, name: str) -> Any:
        raise Trap


class RaisingText(str):
    """A string that cannot be looked up or compared."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise Trap

    def __hash__(self) -> int:
        raise Trap


class RaisingNumber(float):
    """A number that cannot be compared."""

    def __eq__(self, other: object) -> bool:
        raise Trap

    def __hash__(self) -> int:
        raise Trap

    def __lt__(self, other: object) -> bool:
        raise Trap


class RaisingMap(Mapping[str, Any]):
    """A map that cannot be read."""

    def __getitem__(self, name: str) -> Any:
        raise Trap

    def __iter__(self) -> Iterator[str]:
        raise Trap

    def __len__(self) -> int:
        raise Trap


class RaisingList(list[Any]):
    """A list that cannot be walked."""

    def __iter__(self) -> Iterator[Any]:
        raise Trap

    def __len__(self) -> int:
        raise Trap


class Colour(enum.StrEnum):
    """A string by inheritance."""

    RED = "red"


def circle() -> list[Any]:
    """Return a list that contains itself."""
    found: list[Any] = []
    found.append(found)
    return found


def deep_map(levels: int) -> dict[str, Any]:
    """Return maps in maps."""
    found: dict[str, Any] = {"x": "ana"}
    for _ in range(levels):
        found = {"m": found, "x": found}
    return found


HOSTILE: list[Any] = [
    RaisingObject(),
    RaisingText("ana"),
    RaisingText("\ud800"),
    RaisingNumber(1.0),
    RaisingMap(),
    RaisingList(["ana"]),
    [RaisingObject(), RaisingText("ana")],
    {"x": RaisingObject(), "m": {"x": RaisingText("ana")}},
    {1: "ana", None: "ana", ("m",): "ana"},
    Colour.RED,
    "\ud800",
    "a\udfff",
    ["\ud800"],
    {"x": "\ud800"},
    10**5000,
    -(10**5000),
    float("nan"),
    float("inf"),
    1e308,
    b"ana",
    bytearray(b"ana"),
    memoryview(b"ana"),
    range(3),
    decimal.Decimal(1),
    complex(1, 1),
    uuid.UUID(int=1),
    object(),
    object,
    len,
    circle(),
    deep_map(5_000),
    "x" * 100_000,
    "9" * 10_000,
    "2026-01-01T00:00:00." + "9" * 10_000,
    "1.2.3-" + "9" * 10_000,
    ["ana"] * 10_000,
]

HOSTILE_CONTEXTS: list[Any] = [
    RaisingMap(),
    RaisingObject(),
    None,
    [],
    "targeting_key",
    {None: "ana", 1: "ana", ("a",): "ana", b"a": "ana"},
    circle(),
]
