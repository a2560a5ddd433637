"""Series. Pure."""

from collections.abc import Iterable
from typing import Final

from mirante.api.metrics.v1 import usage_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    breakdown_of,
    member_of,
    optional_selection,
    property_of,
    unit_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name
from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.series.asking import Measure, Series

_MEASURES: Final = {
    pb2.SERIES_MEASURE_UNSPECIFIED: Measure.COUNT,
    pb2.SERIES_MEASURE_COUNT: Measure.COUNT,
    pb2.SERIES_MEASURE_ACTORS: Measure.ACTORS,
    pb2.SERIES_MEASURE_SUM: Measure.SUM,
}


def series_of(message: pb2.SeriesQuestion, scope: Scope) -> Series:
    """Return what is asked."""
    return Series(
        scope=scope,
        selection=optional_selection(message, "selection"),
        measure=member_of(_MEASURES, message.measure, "measure"),
        property=property_of(message.property, "property") if message.HasField("property") else None,
        unit=unit_of(message.unit, Unit.DAY),
        breakdown=breakdown_of(message),
    )


def series_table(result: pb2.SeriesResult) -> Table:
    """Return a row for each bucket, and for each group and bucket; one without a bucket is of the whole period."""
    rows = [*_rows("", result.points, result.total)]
    for group in result.groups:
        rows += _rows(group_name(group.group), group.points, group.total)
    return Table(("group", "bucket", "value", "incomplete"), tuple(rows))


def _rows(group: str | None, points: Iterable[pb2.ReportPoint], total: str) -> Iterable[Row]:
    for point in points:
        yield group, point.label, point.value, point.incomplete
    yield group, "", total, False


REPORTS: Final = {"series": WireReport(series_of, series_table)}
