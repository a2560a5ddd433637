"""Retention on ClickHouse: for each actor, arrays of the buckets of their start and return events. Blocking."""

from collections import Counter

from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.dialects import ClickHouseDialect, condition
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.retention.on_store import selections_of
from services.metrics.analytics.reports.retention.results import Calendar, Cohort, RetentionTally, rolling_us


def tally_on_clickhouse(asked: Retention, scope: Scope, engine: ClickHouse) -> RetentionTally:
    """Return what there is to count of retention in a period."""
    actors: Counter[Cohort] = Counter()
    returned: Counter[tuple[Cohort, int]] = Counter()
    rows = engine.query(
        f"SELECT cohort, value, offset, count() FROM ({_offsets_query(asked, scope, engine)}) "  # noqa: S608 - values are quoted
        "ARRAY JOIN arrayConcat([toInt64(-1)], offsets) AS offset GROUP BY cohort, value, offset"
    )
    for bucket, value, offset, count in rows:
        cohort = Cohort(int(bucket), value)
        if int(offset) < 0:
            actors[cohort] += int(count)
        else:
            returned[cohort, int(offset)] += int(count)
    return RetentionTally(actors, returned)


def _offsets_query(asked: Retention, scope: Scope, engine: ClickHouse) -> str:
    """Return the query of a row for each actor and cohort, with the offsets at which they returned."""
    calendar = Calendar(asked, scope)
    dialect = ClickHouseDialect()
    start, back, *named = (condition(each, dialect) for each in selections_of(asked, scope))
    value = "CAST(NULL AS Nullable(String))"
    if asked.breakdown is not None:
        value = f"CAST({dialect.text(asked.breakdown.property)} AS Nullable(String))"
    where = [
        "actor != 0",
        f"time < fromUnixTimestamp64Micro({calendar.observed}, 'UTC')",
        f"({' OR '.join([start, back, *named])})",
    ]
    if scope.tenant is not None:
        where.append(f"tenant = {dialect.literal(scope.tenant)}")
    if asked.cohort is CohortKind.RECURRING:
        where.append(f"time >= fromUnixTimestamp64Micro({calendar.start}, 'UTC')")
    bucket = dialect.bucket("t", asked.unit, calendar.clock)
    rows = (
        f"SELECT actor, t, {start} AS is_start, {back} AS is_back, {named[0] if named else 'false'} AS is_named, "  # noqa: S608 - as above
        f"{bucket} AS bucket, {value} AS value FROM (SELECT *, {dialect.time} AS t FROM {engine.events}) "
        f"WHERE {' AND '.join(where)}"
    )
    by_actor = (
        "SELECT actor, arraySort(groupArrayIf((t, bucket, is_back, isNotNull(value), ifNull(value, '')), is_start)) "  # noqa: S608 - as above
        "AS starts, groupArrayIf((t, bucket), is_back) AS backs, minIf(t, is_named) AS first_named "
        f"FROM ({rows}) GROUP BY actor"
    )
    # Of several start events of one time one that is no return comes first; the value is the least of that time.
    in_period = f"s.1 >= {calendar.start} AND s.1 < {calendar.end}"
    if asked.cohort is CohortKind.RECURRING:
        chosen = (
            f"arrayMap(b -> arrayFirst(s -> s.2 = b AND {in_period}, starts), "
            f"arrayDistinct(arrayMap(s -> s.2, arrayFilter(s -> {in_period}, starts))))"
        )
    else:
        ever = " AND s.1 = first_named" if asked.cohort is CohortKind.FIRST_EVER else ""
        chosen = f"arrayFilter(s -> {in_period}{ever}, arraySlice(starts, 1, 1))"
    least = "arraySort(arrayMap(s -> (s.4, s.5), arrayFilter(s -> s.1 = begun.1, starts)))[1]"
    return (
        f"SELECT begun.2 AS cohort, if({least}.1, {least}.2, NULL) AS value, "  # noqa: S608 - as above
        f"{_offsets(asked)} AS offsets FROM (SELECT *, {chosen} AS chosen FROM ({by_actor})) ARRAY JOIN chosen AS begun"
    )


def _offsets(asked: Retention) -> str:
    if asked.returning is Returning.ROLLING:
        each = (
            f"arrayMap(r -> intDiv(r.1 - begun.1, {rolling_us(asked.unit)}), arrayFilter(r -> r.1 >= begun.1, backs))"
        )
    else:
        distance = {
            Unit.DAY: "r.2 - begun.2",
            Unit.WEEK: "intDiv(r.2 - begun.2, 7)",
            Unit.MONTH: "dateDiff('month', toDate(begun.2), toDate(r.2))",
        }[asked.unit]
        each = f"arrayFilter(o -> o >= 0, arrayMap(r -> toInt64({distance}), backs))"
    # The start event itself is one of those at offset 0.
    alone = f"(countEqual({each}, 0) - toInt64(begun.3)) <= 0"
    counted = f"arrayFilter(o -> o > 0 OR NOT {alone}, {each})"
    if asked.returning is Returning.ON_OR_AFTER:
        counted = f"range(0, toUInt64(if(empty({counted}), 0, arrayMax({counted}) + 1)))"
    if asked.include_start:
        counted = f"arrayConcat([0], {counted})"
    return f"arrayFilter(o -> o <= {asked.offsets}, arrayDistinct(arrayMap(o -> toInt64(o), {counted})))"
