"""Series by SQL, on either engine. Blocking."""

from decimal import Decimal

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import Breakdown, Property, Scope, Selection
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.local_time import Clock, instant
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.metrics.analytics.reports.series.results import Number, SeriesTally


def tally_by_sql(asked: Series, scope: Scope, engine: Engine) -> SeriesTally:
    """Return what there is to count of a series in a period."""
    dialect = engine.dialect
    where = scope_condition(scope, dialect, asked.selection)
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    bucket = dialect.bucket(dialect.time, asked.unit, clock)
    groups: tuple[Group, ...] = ()
    values, number = None, "0"
    if asked.breakdown is not None:
        kept, values = top_values(asked.breakdown, scope, asked.selection, engine)
        groups = tuple(Group(value) for value in kept)
        groups += (Group(None, others=True),) if values > len(kept) else ()
        number = group_number(asked.breakdown.property, kept, engine)
    rows = engine.query(
        f"SELECT grouping(bucket), grouping(number), bucket, number, {_aggregate(asked, engine)} FROM "  # noqa: S608 - values are quoted
        f"(SELECT *, {bucket} AS bucket, {number} AS number FROM {engine.events} WHERE {where}) "
        "GROUP BY GROUPING SETS ((bucket, number), (bucket), (number), ())"
    )
    numbers: dict[tuple[int | None, Group | None], Number] = {}
    for all_buckets, all_groups, at, which, value in rows:
        if groups or int(all_groups):
            group = None if int(all_groups) else groups[int(which)]
            numbers[None if int(all_buckets) else int(at), group] = _number(asked, value)
    return SeriesTally(numbers, groups, values)


def top_values(
    breakdown: Breakdown, scope: Scope, selection: Selection, engine: Engine
) -> tuple[list[str | None], int]:
    """Return the values of a breakdown that stay apart, those with most events first, and how many there are in all."""
    rows = engine.query(
        "SELECT value, count(*) OVER () FROM (SELECT value, count(*) AS size FROM "  # noqa: S608 - values are quoted
        f"(SELECT {engine.dialect.text(breakdown.property)} AS value FROM {engine.events} "
        f"WHERE {scope_condition(scope, engine.dialect, selection)}) GROUP BY value) AS sizes "
        f"ORDER BY size DESC, value IS NOT NULL, value LIMIT {breakdown.limit}"
    )
    return [value for value, _ in rows], int(rows[0][1]) if rows else 0


def group_number(asked: Property, kept: list[str | None], engine: Engine) -> str:
    """Return the SQL of the place of an event's value among some; the number of those for all others."""
    text = engine.dialect.text(asked)
    cases = [
        f"WHEN {text} IS NULL THEN {at}"
        if value is None
        else f"WHEN {text} = {engine.dialect.literal(value)} THEN {at}"
        for at, value in enumerate(kept)
    ]
    return f"CASE {' '.join(cases)} ELSE {len(kept)} END" if cases else "0"


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
