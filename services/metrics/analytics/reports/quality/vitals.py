"""Web vitals by page and device, with what they are rated. Blocking."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.metrics.analytics.reports.asking import Known, Origin, Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine

MOST_PAGES: Final = 200
LONGEST_MS: Final = 900_000
"""Times beyond 15 minutes are implausible and left out."""

THRESHOLDS: Final = {
    "LCP": (2_500.0, 4_000.0),
    "INP": (200.0, 500.0),
    "CLS": (0.1, 0.25),
    "FCP": (1_800.0, 3_000.0),
    "TTFB": (800.0, 1_800.0),
}
"""Up to the first it is good, beyond the second poor; milliseconds, but for CLS."""


class Rating(Enum):
    """Of the 75th percentile."""

    GOOD = "good"
    NEEDS_IMPROVEMENT = "needs_improvement"
    POOR = "poor"


_EVENT: Final = Selection("web_vital")
_VITAL: Final = Property("nome")
_VALUE: Final = Property("valor")
_PAGE: Final = Property("caminho")
_DEVICE: Final = Property("device", Origin.CONTEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebVitals:
    """
    How fast pages are.

    Attributes:
        scope: see there.
        event: that measures one vital.
        vital, value, page, device: its properties.
        limit: of rows: those with most measurements are answered.
    """

    scope: Scope
    event: Selection = _EVENT
    vital: Property = _VITAL
    value: Property = _VALUE
    page: Property = _PAGE
    device: Property = _DEVICE
    limit: int = 50


@dataclass(frozen=True, slots=True)
class VitalRow:
    """
    One vital of a page on a kind of device (None where unknown).

    Attributes:
        vital: LCP, INP, CLS, FCP or TTFB.
        page, device: where.
        count: of measurements.
        p50, p75, p95: percentiles, which interpolate between neighbours.
        rating: of p75.
    """

    vital: str
    page: str | None
    device: str | None
    count: int
    p50: float
    p75: float
    p95: float
    rating: Rating


@dataclass(frozen=True, slots=True)
class WebVitalsResult:
    """Rows by count of measurements, how many rows there are, and measurements that were left out as implausible."""

    rows: tuple[VitalRow, ...]
    count: int
    implausible: int


def check_web_vitals(asked: WebVitals, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("event", asked.event)
    for name in ("vital", "value", "page", "device"):
        checks.property(name, getattr(asked, name))
    checks.number("limit", asked.limit, 1, MOST_PAGES)
    checks.finish()


def rating_of(vital: str, value: float) -> Rating:
    """Return what a value of a vital is rated."""
    good, poor = THRESHOLDS[vital]
    if value <= good:
        return Rating.GOOD
    return Rating.POOR if value > poor else Rating.NEEDS_IMPROVEMENT


def web_vitals(asked: WebVitals, scope: Scope, engine: Engine, _complete_us: int) -> WebVitalsResult:
    """Answer the question."""
    dialect = engine.dialect
    known = ", ".join(dialect.literal(name) for name in THRESHOLDS)
    measured = (
        f"SELECT {dialect.text(asked.vital)} AS vital, {dialect.text(asked.page)} AS page, "  # noqa: S608 - values are quoted by the dialect
        f"{dialect.text(asked.device)} AS device, {dialect.number(asked.value)} AS value FROM {engine.events} "
        f"WHERE {scope_condition(scope, dialect, asked.event)}"
    )
    plausible = f"coalesce(value >= 0 AND value <= {LONGEST_MS}, false)"
    rows = engine.query(
        f"SELECT vital, page, device, count(*) AS size, {dialect.quantiles('value', (0.5, 0.75, 0.95))}, "  # noqa: S608 - as above
        f"count(*) OVER () FROM ({measured}) AS measured WHERE vital IN ({known}) AND {plausible} "
        "GROUP BY vital, page, device "
        "ORDER BY size DESC, vital, page IS NOT NULL, page, device IS NOT NULL, device "
        f"LIMIT {asked.limit}"
    )
    [[implausible]] = engine.query(
        f"SELECT {dialect.true(f'vital IN ({known}) AND NOT {plausible}')} FROM ({measured}) AS measured"  # noqa: S608 - as above
    )
    return WebVitalsResult(
        tuple(
            VitalRow(vital, page, device, int(size), float(p50), float(p75), float(p95), rating_of(vital, float(p75)))
            for vital, page, device, size, (p50, p75, p95), _ in rows
        ),
        int(rows[0][5]) if rows else 0,
        int(implausible),
    )
