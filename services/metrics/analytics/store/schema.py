"""
The columns of the store.

Every event is a row. Fixed columns are the same in all segments; each property has a column for each kind of value that
occurs, named `<kind>.<property>`, so that it is compared and summed up as what it is. A segment has the columns that
occur in it, the most frequent ones first; what is beyond `MOST_PROPERTY_COLUMNS` stands in `rest`, as JSON.
"""

import re
from enum import StrEnum
from typing import Any, Final, NamedTuple

import pyarrow as pa

_CAPITAL: Final = re.compile("[A-Z^]")
_MARKED: Final = re.compile(r"\^([a-z^])")

NOBODY: Final = 0
"""The actor of events that name nobody."""

_TEXT: Final = pa.string()
_MOMENT: Final = pa.timestamp("us")

TENANT: Final = "tenant"
ACTOR: Final = "actor"
OWN_ACTOR: Final = "own_actor"
TIME: Final = "time"
NAME: Final = "name"
REST: Final = "rest"

FIXED: Final = pa.schema(
    [
        # The customer company; empty for events outside of any.
        pa.field(TENANT, _TEXT, nullable=False),
        # The person after all merges: the first 63 bits of their actor id, never 0; 0 for nobody. A number that follows
        # from the id needs no directory, is the same after a rebuild, and never moves; two of ten million people of an
        # environment have the same one with a probability of 5 in a million.
        pa.field(ACTOR, pa.int64(), nullable=False),
        # The person as the log said when the event was read: what a merge that is taken back goes by.
        pa.field(OWN_ACTOR, pa.int64(), nullable=False),
        # When it happened, and when it was committed to the log; UTC.
        pa.field(TIME, _MOMENT, nullable=False),
        pa.field("received", _MOMENT, nullable=False),
        # The how-manieth entry of the log it is, counted from the beginning of the build.
        pa.field("position", pa.int64(), nullable=False),
        pa.field(NAME, _TEXT, nullable=False),
        # Whom the event names; null for what it does not name.
        pa.field("user_id", _TEXT),
        pa.field("anonymous_id", _TEXT),
        pa.field("session", _TEXT),
        # Where it happened; null for what is not said.
        pa.field("library", _TEXT),
        pa.field("library_version", _TEXT),
        pa.field("release", _TEXT),
        pa.field("locale", _TEXT),
        pa.field("page_path", _TEXT),
        pa.field("page_title", _TEXT),
        pa.field("page_referrer", _TEXT),
        pa.field("browser", _TEXT),
        pa.field("browser_version", _TEXT),
        pa.field("device", _TEXT),
        pa.field("os", _TEXT),
        # Brought in by ImportEvents: received says nothing about when it happened.
        pa.field("imported", pa.bool_(), nullable=False),
    ]
)

IDENTIFIED: Final = "is_identified"
"""A column of the view `events`: whether the event itself names a user."""

MOST_PROPERTY_COLUMNS: Final = 200
"""Of one segment."""


class Kind(StrEnum):
    """
    What a property's value is; the prefix of its column.

    TEXT holds decimal numbers as well: `TRY_CAST(... AS DECIMAL(38, 9))` reads them exactly. JSON is a list or a map,
    as JSON text with sorted keys.
    """

    TEXT = "s"
    INTEGER = "i"
    NUMBER = "f"
    BOOLEAN = "b"
    JSON = "j"

    @property
    def type(self) -> Any:
        """The Arrow type of a column of this kind."""
        return _TYPES[self]


_TYPES: Final[dict[Kind, Any]] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.JSON: _TEXT,
}


class PropertyColumn(NamedTuple):
    """A property with one kind of value."""

    kind: Kind
    name: str

    @property
    def column(self) -> str:
        """
        The name of the column in segments and in the view.

        SQL tells names apart regardless of case, so capital letters are marked: `Valor` of kind TEXT is `s.^valor`.
        """
        return f"{self.kind}.{_CAPITAL.sub(_marked, self.name)}"


def property_of(column: str) -> PropertyColumn | None:
    """Return the property that a column is of; None for a fixed column and `rest`."""
    kind, dot, name = column.partition(".")
    return PropertyColumn(Kind(kind), _MARKED.sub(_capital, name)) if dot else None


def text_expression(name: str, kinds: frozenset[Kind], *, rest: bool) -> str:
    """
    Return the SQL of a property as text, whatever its kind: for equality and breakdowns. NULL where it is absent.

    Integers are decimal digits, booleans `true` and `false`; numbers are as DuckDB prints a DOUBLE.

    Args:
        name: of the property.
        kinds: those that occur in the snapshot (`Snapshot.properties`).
        rest: whether the snapshot has a `rest` column (`Snapshot.has_rest`).
    """
    parts = [f"CAST({quoted(PropertyColumn(kind, name).column)} AS VARCHAR)" for kind in Kind if kind in kinds]
    if rest:
        parts.append(_from_rest(name))
    return f"coalesce({', '.join(parts)})" if parts else "CAST(NULL AS VARCHAR)"


def number_expression(name: str, kinds: frozenset[Kind], *, rest: bool, type_: str = "DOUBLE") -> str:
    """
    Return the SQL of a property as a number, NULL where it is none.

    Args:
        name: of the property.
        kinds: those that occur in the snapshot (`Snapshot.properties`).
        rest: whether the snapshot has a `rest` column (`Snapshot.has_rest`).
        type_: "DOUBLE" for percentiles, "DECIMAL(38, 9)" for money.
    """
    numeric = [Kind.TEXT, Kind.INTEGER, Kind.NUMBER]
    parts = [f"TRY_CAST({quoted(PropertyColumn(kind, name).column)} AS {type_})" for kind in numeric if kind in kinds]
    if rest:
        parts.append(f"TRY_CAST({_from_rest(name)} AS {type_})")
    return f"coalesce({', '.join(parts)})" if parts else f"CAST(NULL AS {type_})"


def quoted(identifier: str) -> str:
    """Return an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _from_rest(name: str) -> str:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    return f"json_extract_string({REST}, {literal(pointer)})"


def _marked(found: re.Match[str]) -> str:
    return "^" + found[0].lower()


def _capital(found: re.Match[str]) -> str:
    return "^" if found[1] == "^" else found[1].upper()
