"""What a series is asked with, and what is wrong with it. Pure."""

from dataclasses import dataclass
from enum import Enum

from services.metrics.analytics.reports.asking import EVERY_EVENT, Breakdown, Known, Property, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks


class Measure(Enum):
    """What is counted."""

    COUNT = "count"
    """Events."""
    ACTORS = "actors"
    """Different actors."""
    SUM = "sum"
    """A property of events added up, as exact decimals of nine places. What is no such number counts as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    Numbers over time.

    Attributes:
        scope, breakdown: see there. Sums of money are broken down by their currency, or filtered by it.
        selection: which events.
        measure: see there.
        property: of the sum.
        unit: of buckets.
    """

    scope: Scope
    selection: Selection = EVERY_EVENT
    measure: Measure = Measure.COUNT
    property: Property | None = None
    unit: Unit = Unit.DAY
    breakdown: Breakdown | None = None


def check_series(asked: Series, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("selection", asked.selection)
    if asked.measure is Measure.SUM:
        if asked.property is None:
            checks.add("property", "is required for a sum")
        else:
            checks.property("property", asked.property)
    elif asked.property is not None:
        checks.add("property", "has no meaning but for a sum")
    checks.buckets(asked.scope, asked.unit)
    checks.breakdown(asked.breakdown)
    checks.finish()
