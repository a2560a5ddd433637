"""What all reports are asked with: whose events, of when, which of them, broken down by what. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

CONTEXT_COLUMNS: Final = (
    "browser",
    "browser_version",
    "device",
    "library",
    "library_version",
    "locale",
    "os",
    "page_path",
    "page_referrer",
    "page_title",
    "release",
    "session",
)
"""Fixed columns of the store that may be filtered and broken down by."""


class Origin(Enum):
    """Where a property comes from."""

    EVENT = "event"
    """A property of the event."""
    CONTEXT = "context"
    """Where it happened: one of `CONTEXT_COLUMNS`."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of events. It is looked at as text: integers as decimal digits, booleans as `true` and `false`."""

    name: str
    origin: Origin = Origin.EVENT


class Operator(Enum):
    """How a filter compares. A property that is absent matches ABSENT only: "is not x" is false without a value."""

    IS = "is"
    """It is one of the values."""
    IS_NOT = "is_not"
    """It is there, and none of the values."""
    CONTAINS = "contains"
    """It contains one of the values, in the same case."""
    MORE = "more"
    """It is a number greater than the value."""
    LESS = "less"
    """It is a number less than the value."""
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one property."""

    property: Property
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Events of one name (None: of all) that fulfil all filters."""

    event: str | None
    filters: tuple[Filter, ...] = ()


EVERY_EVENT: Final = Selection(None)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Split by the values of a property; those with most stay apart, up to `limit`, the others are one group."""

    property: Property
    limit: int = 10


class Unit(Enum):
    """Calendar buckets, in the time zone of the question. Weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """
    What every report needs to know.

    Attributes:
        start, end: the period, with their time zones; the end is not in it.
        tenant: whose events; None for those of all.
        time_zone: of calendar buckets, by its IANA name.
        filters: on every event that is looked at.
        compare: also answer for the period of the same length before.
    """

    start: datetime
    end: datetime
    tenant: str | None = None
    time_zone: str = "America/Sao_Paulo"
    filters: tuple[Filter, ...] = ()
    compare: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """The names that there are: what a question names beyond them is a mistake. None: not known, so not checked."""

    events: Collection[str] | None = None
    properties: Collection[str] | None = None
