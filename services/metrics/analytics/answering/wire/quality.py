"""Web vitals, what occurs most, and where problems are more frequent than elsewhere. Pure."""

from typing import Final

from mirante.api.metrics.v1 import quality_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import optional_property, optional_selection, property_of
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, optional
from services.metrics.analytics.reports.asking import Origin, Property, Scope, Selection
from services.metrics.analytics.reports.quality.problems import Problems
from services.metrics.analytics.reports.quality.values import TopValues
from services.metrics.analytics.reports.quality.vitals import WebVitals

_USUAL_PAGES: Final = 50
_USUAL_ROWS: Final = 20
_RATINGS: Final = {
    pb2.VITAL_RATING_GOOD: "good",
    pb2.VITAL_RATING_NEEDS_IMPROVEMENT: "needs improvement",
    pb2.VITAL_RATING_POOR: "poor",
}


def web_vitals_of(message: pb2.WebVitalsQuestion, scope: Scope) -> WebVitals:
    """Return what is asked."""
    return WebVitals(
        scope=scope,
        event=optional_selection(message, "event", Selection("web_vital")),
        vital=optional_property(message, "vital", Property("nome")),
        value=optional_property(message, "value", Property("valor")),
        page=optional_property(message, "page", Property("caminho")),
        device=optional_property(message, "device", Property("device", Origin.CONTEXT)),
        limit=message.limit or _USUAL_PAGES,
    )


def top_values_of(message: pb2.TopValuesQuestion, scope: Scope) -> TopValues:
    """Return what is asked."""
    return TopValues(
        scope=scope,
        selection=optional_selection(message, "selection"),
        properties=tuple(property_of(each, f"properties[{at}]") for at, each in enumerate(message.properties)),
        limit=message.limit or _USUAL_ROWS,
    )


def problems_of(message: pb2.ProblemsQuestion, scope: Scope) -> Problems:
    """Return what is asked."""
    return Problems(
        scope=scope,
        problem=optional_selection(message, "problem", Selection("erro_frontend")),
        exposed=optional_selection(message, "exposed"),
        by=optional_property(message, "by", Property("browser", Origin.CONTEXT)),
        limit=message.limit or _USUAL_ROWS,
    )


def web_vitals_table(result: pb2.WebVitalsResult) -> Table:
    """Return a row for each vital of a page on a kind of device."""
    rows: list[Row] = [
        (
            each.vital,
            *optional(each, "page", "device"),
            each.count,
            each.p50,
            each.p75,
            each.p95,
            _RATINGS.get(each.rating, ""),
        )
        for each in result.rows
    ]
    return Table(("vital", "page", "device", "count", "p50", "p75", "p95", "rating"), tuple(rows))


def top_values_table(result: pb2.TopValuesResult) -> Table:
    """Return a row for each row."""
    width = max((len(each.values) for each in result.rows), default=1)
    rows: list[Row] = [
        (
            *(value.text if value.HasField("text") else None for value in each.values),
            each.events,
            each.actors,
            each.first_seen.ToJsonString(),
            each.last_seen.ToJsonString(),
        )
        for each in result.rows
    ]
    names = tuple(f"value_{at}" for at in range(1, width + 1))
    return Table((*names, "events", "actors", "first_seen", "last_seen"), tuple(rows))


def problems_table(result: pb2.ProblemsResult) -> Table:
    """Return a row for each value."""
    rows: list[Row] = [
        (
            each.value,
            each.users,
            each.affected,
            *optional(each, "rate", "rest_rate", "difference", "low", "high"),
            each.is_worse,
        )
        for each in result.rows
    ]
    columns = ("value", "users", "affected", "rate", "rest_rate", "difference", "low", "high", "is_worse")
    return Table(columns, tuple(rows))


REPORTS: Final = {
    "web_vitals": WireReport(web_vitals_of, web_vitals_table),
    "top_values": WireReport(top_values_of, top_values_table),
    "problems": WireReport(problems_of, problems_table),
}
