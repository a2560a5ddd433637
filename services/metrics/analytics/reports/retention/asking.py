"""What retention is asked with, and what is wrong with it. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.metrics.analytics.reports.asking import EVERY_EVENT, Breakdown, Known, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks

MOST_OFFSETS: Final = 400
MOST_CELLS: Final = 100_000


class CohortKind(Enum):
    """Who is in the cohort of a bucket."""

    RECURRING = "recurring"
    """Who had a start event in it; an actor is in the cohorts of many buckets."""
    FIRST_TIME = "first_time"
    """Whose first start event of all history is in it."""
    FIRST_EVER = "first_ever"
    """The same, where the first event of that name, whatever the filters, has to be such a start event."""


class Returning(Enum):
    """When somebody has come back after i units."""

    IN_BUCKET = "in_bucket"
    """They had a return event in the calendar bucket i after that of their cohort."""
    ON_OR_AFTER = "on_or_after"
    """In that bucket or a later one, up to the last that is looked at."""
    ROLLING = "rolling"
    """Between i and i + 1 times 24 hours (or 7 days) after the start event itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """
    Who comes back.

    Attributes:
        scope: the period holds the cohorts; returns are looked at beyond its end.
        start: events that put an actor into a cohort.
        back: events by which they return.
        cohort, returning: see there.
        unit: of cohorts and offsets; not hours, and no months with ROLLING.
        offsets: how many units after the cohort are looked at.
        include_start: at offset 0 the start event itself is a return. Otherwise another event has to be one.
        breakdown: by a property of the start event.
    """

    scope: Scope
    start: Selection = EVERY_EVENT
    back: Selection = EVERY_EVENT
    cohort: CohortKind = CohortKind.FIRST_TIME
    returning: Returning = Returning.IN_BUCKET
    unit: Unit = Unit.DAY
    offsets: int = 30
    include_start: bool = False
    breakdown: Breakdown | None = None


def check_retention(asked: Retention, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("start", asked.start)
    checks.selection("back", asked.back)
    checks.number("offsets", asked.offsets, 1, MOST_OFFSETS)
    if asked.unit is Unit.HOUR:
        checks.add("unit", "must be days, weeks or months")
    elif asked.returning is Returning.ROLLING and asked.unit is Unit.MONTH:
        checks.add("unit", "must be days or weeks when returns are rolling")
    if asked.returning is Returning.ROLLING and asked.cohort is CohortKind.RECURRING:
        checks.add("returning", "cannot be rolling when cohorts recur: an actor has several starts")
    days = (asked.scope.end - asked.scope.start).days if _has_zones(asked.scope) else 0
    if asked.unit is Unit.DAY and days * asked.offsets > MOST_CELLS:
        checks.add("offsets", f"would make more than {MOST_CELLS} cells of this period")
    checks.breakdown(asked.breakdown)
    checks.finish()


def _has_zones(scope: Scope) -> bool:
    return scope.start.tzinfo is not None and scope.end.tzinfo is not None
