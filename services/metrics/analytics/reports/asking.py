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
    TRAIT = "trait"
    """
    A trait of the user whose event it is, as it is now; absent for events of nobody, and of who is no known user. A
    filter of the scope on a trait lets no events of nobody through.
    """


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """
    Actors with so many events of a selection, of those in the days up to the end of the period that is asked for, or in
    a period of their own, or of all history. Only actors of whom there is any event at all are looked at.

    Attributes:
        selection: which events.
        least, most: how many, inclusive; None: however many.
        days: times 24 hours, up to the end of the question's period.
        start, end: instead of days: only events from the one moment on and before the other; None: without end on that
            side.
    """

    selection: Selection
    least: int = 1
    most: int | None = None
    days: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDid:
    """
    Actors whose first event of a selection, of all history, is in a time; `days`, `start` and `end` are as in `Did`.
    """

    selection: Selection
    days: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class HasTrait:
    """Actors with a trait, as it is now, that fulfils a filter. Without a trait the filter is as with any property."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class IsAmong:
    """A fixed list of actors, by their numbers. Who was erased, or merged into another actor, is not found any more."""

    actors: tuple[int, ...]


Condition = Did | FirstDid | HasTrait | IsAmong


@dataclass(frozen=True, slots=True)
class Cohort:
    """
    Actors by what they did and are: those who fulfil all conditions, or any of them.

    Who is in it is found when it is asked for, among the actors of the question's tenant of whom there is any event.
    """

    conditions: tuple[Condition, ...]
    any: bool = False


@dataclass(frozen=True, slots=True)
class CohortFilter:
    """Only events of actors who are in a cohort, or with `outside` of those who are not; never events of nobody."""

    cohort: Cohort
    outside: bool = False


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
        cohorts: only events of actors that fulfil all of these, of all history where a report looks at it. The period
            before is looked at for the same actors.
    """

    start: datetime
    end: datetime
    tenant: str | None = None
    time_zone: str = "America/Sao_Paulo"
    filters: tuple[Filter, ...] = ()
    compare: bool = False
    cohorts: tuple[CohortFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that there are: what a question names beyond them is a mistake. None: not known, so not checked."""

    events: Collection[str] | None = None
    properties: Collection[str] | None = None
    traits: Collection[str] | None = None
