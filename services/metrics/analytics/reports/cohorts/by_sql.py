"""Who is in a cohort, from ClickHouse. Pure: it makes the query."""

from itertools import count

from services.metrics.analytics.reports.asking import Cohort, Condition, Did, FirstDid, HasTrait, Operator, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.cohorts.times import selections_of, times_of
from services.metrics.analytics.reports.dialect import column_of
from services.metrics.analytics.reports.dialects import ClickHouseDialect, condition, filter_condition
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.narrowing import narrowed_clickhouse, traits_in


def members_query(cohort: Cohort, scope: Scope, engine: ClickHouse) -> str:
    """Return the query of the column `actor`: who is in a cohort; of the scope the tenant and the end matter."""
    dialect = ClickHouseDialect()
    did = [each for each in cohort.conditions if isinstance(each, Did | FirstDid)]
    conditions = [condition(each, dialect) for each in selections_of(cohort)]
    counts = [_counted(each, selected, instant(scope.end)) for each, selected in zip(did, conditions, strict=False)]
    tenant = "" if scope.tenant is None else f" AND tenant = {dialect.literal(scope.tenant)}"
    events = narrowed_clickhouse(engine, traits_in(tuple(did))).events
    columns = "".join(f", {counted} AS c{at}" for at, counted in enumerate(counts))
    numbers = count()
    fulfilled = [
        _fulfilled(each, f"c{next(numbers)}")
        if isinstance(each, Did | FirstDid)
        else _fixed(each, scope, engine, dialect)
        for each in cohort.conditions
    ]
    return (
        f"SELECT actor FROM (SELECT actor{columns} FROM (SELECT *, {dialect.time} AS t FROM {events}) "  # noqa: S608 - values are quoted
        f"WHERE actor != 0{tenant} AND ({' OR '.join(conditions)}) GROUP BY actor) "
        f"WHERE {(' OR ' if cohort.any else ' AND ').join(fulfilled)}"
    )


def holders_condition(asked: HasTrait, scope: Scope, engine: ClickHouse) -> str:
    """Return the condition on the column `actor` that a trait fulfils a filter."""
    return _fixed(asked, scope, engine, ClickHouseDialect())


def _counted(asked: Did | FirstDid, selected: str, end_us: int) -> str:
    start, end = times_of(asked, end_us)
    if isinstance(asked, FirstDid):
        first = f"minOrNullIf(t, {selected})"
        return f"ifNull({first} >= {start} AND {first} < {end}, false)"
    return f"countIf({selected} AND t >= {start} AND t < {end})"


def _fulfilled(asked: Did | FirstDid, column: str) -> str:
    if isinstance(asked, FirstDid):
        return column
    most = "" if asked.most is None else f" AND {column} <= {asked.most}"
    return f"({column} >= {asked.least}{most})"


def _fixed(asked: Condition, scope: Scope, engine: ClickHouse, dialect: ClickHouseDialect) -> str:
    if not isinstance(asked, HasTrait):
        actors = getattr(asked, "actors", ())
        return f"actor IN ({', '.join(map(str, sorted(set(actors))))})"
    trait = asked.filter
    where = [f"name = {dialect.literal(trait.property.name)}", "value IS NOT NULL"]
    if scope.tenant is not None:
        where.append(f"tenant = {dialect.literal(scope.tenant)}")
    told = f"SELECT actor, value AS `{column_of(trait.property)}` FROM {engine.traits} WHERE {' AND '.join(where)}"  # noqa: S608 - as above
    negated, fulfilled = "", filter_condition(trait, dialect)
    if trait.operator is Operator.ABSENT:
        negated, fulfilled = "NOT ", "true"
    return f"actor {negated}IN (SELECT actor FROM ({told}) WHERE {fulfilled})"  # noqa: S608 - as above
