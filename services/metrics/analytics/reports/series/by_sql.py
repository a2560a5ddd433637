"""Series by SQL, on either engine. Blocking."""

from decimal import Decimal

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.grouping import grouping_of
from services.metrics.analytics.reports.local_time import Clock, instant
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.metrics.analytics.reports.series.results import Number, SeriesTally


def tally_by_sql(asked: Series, scope: Scope, engine: Engine) -> SeriesTally:
    """Return what there is to count of a series in a period."""
    dialect = engine.dialect
    where = scope_condition(scope, dialect, asked.selection)
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    bucket = dialect.bucket(dialect.time, asked.unit, clock)
    grouping = grouping_of(asked.breakdown, scope, asked.selection, engine)
    rows = engine.query(
        f"SELECT grouping(bucket), grouping(number), bucket, number, {_aggregate(asked, engine)} FROM "  # noqa: S608 - values are quoted
        f"(SELECT *, {bucket} AS bucket, {grouping.number} AS number FROM {engine.events} WHERE {where}) "
        "GROUP BY GROUPING SETS ((bucket, number), (bucket), (number), ())"
    )
    numbers: dict[tuple[int | None, Group | None], Number] = {}
    for all_buckets, all_groups, at, which, value in rows:
        if grouping.groups or int(all_groups):
            group = None if int(all_groups) else grouping.groups[int(which)]
            numbers[None if int(all_buckets) else int(at), group] = _number(asked, value)
    return SeriesTally(numbers, grouping.groups, grouping.values)


def _aggregate(asked: Series, engine: Engine) -> str:
    if asked.measure is Measure.COUNT:
        return "count(*)"
    if asked.measure is Measure.ACTORS or asked.property is None:
        return f"count(DISTINCT CASE WHEN {engine.somebody} THEN actor END)"
    # As text: what reads the rows of ClickHouse may know no decimals.
    return f"CAST(coalesce(sum({engine.dialect.decimal(asked.property)}), 0) AS {engine.text_type})"


def _number(asked: Series, value: object) -> Number:
    text = str(value)
    if asked.measure is not Measure.SUM:
        return int(text)
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
