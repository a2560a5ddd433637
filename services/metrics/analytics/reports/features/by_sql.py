"""The use of features by SQL. Blocking."""

from dataclasses import replace
from datetime import UTC, datetime

from services.metrics.analytics.reports.answers import Durations, Group, share
from services.metrics.analytics.reports.asking import EVERY_EVENT, Scope, Selection
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.dialects import all_conditions, condition, scope_condition
from services.metrics.analytics.reports.engines import Engine, clickhouse_engine
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.features.results import (
    FeatureStart,
    FeatureUseResult,
    FirstUseResult,
    UseTally,
    feature_use_result,
)
from services.metrics.analytics.reports.grouping import grouping_of
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.store.reading import Watermark

BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)
"""No event is older."""


def tally_by_sql(scope: Scope, engine: Engine) -> UseTally:
    """Return users and uses by event, on either engine."""
    rows = engine.query(
        f"SELECT grouping(name), name, count(DISTINCT CASE WHEN {engine.somebody} THEN actor END), count(*) "  # noqa: S608 - values are quoted
        f"FROM {engine.events} WHERE {scope_condition(scope, engine.dialect)} GROUP BY GROUPING SETS ((name), ())"
    )
    counts = {str(name): (int(users), int(uses)) for all_names, name, users, uses in rows if not int(all_names)}
    everybody = next((int(users) for all_names, _, users, _ in rows if int(all_names)), 0)
    return UseTally(counts, everybody)


def groups_by_sql(asked: FeatureUse, scope: Scope, engine: Engine) -> tuple[list[tuple[Group, UseTally]], int | None]:
    """Return users and uses by event of each group of the breakdown, and how many values it has, on either engine."""
    grouping = grouping_of(asked.breakdown, scope, EVERY_EVENT, engine)
    if not grouping.groups:
        return [], grouping.values
    rows = engine.query(
        "SELECT number, grouping(name), name, count(DISTINCT CASE WHEN somebody THEN actor END), count(*) "  # noqa: S608 - values are quoted
        f"FROM (SELECT {grouping.number} AS number, name, actor, {engine.somebody} AS somebody FROM {engine.events} "
        f"WHERE {scope_condition(scope, engine.dialect)}) AS used GROUP BY GROUPING SETS ((number, name), (number))"
    )
    tallies = [UseTally({}, 0) for _ in grouping.groups]
    for number, all_names, name, users, uses in rows:
        tally = tallies[int(number)]
        if int(all_names):
            tallies[int(number)] = replace(tally, users=int(users))
        else:
            tallies[int(number)] = replace(tally, counts={**tally.counts, str(name): (int(users), int(uses))})
    return list(zip(grouping.groups, tallies, strict=True)), grouping.values


def feature_use_on_clickhouse(
    asked: FeatureUse, scope: Scope, clickhouse: ClickHouse, _watermark: Watermark
) -> FeatureUseResult:
    """Return how features are used."""
    engine = clickhouse_engine(clickhouse)
    tally = tally_by_sql(scope, engine)
    before = tally_by_sql(replace(scope, start=BEGINNING), engine).counts if asked.declared else {}
    return feature_use_result(asked, tally, before, *groups_by_sql(asked, scope, engine))


def first_use_on_clickhouse(
    asked: FirstUse, scope: Scope, clickhouse: ClickHouse, watermark: Watermark
) -> FirstUseResult:
    """Return how long it takes until features are used."""
    engine = clickhouse_engine(clickhouse)
    dialect = engine.dialect
    features = [condition(Selection(name), dialect) for name in asked.features]
    where = [
        engine.somebody,
        f"time < {dialect.moment(watermark.complete_us)}",
        all_conditions(scope.filters, dialect),
    ]
    if scope.tenant is not None:
        where.append(f"tenant = {dialect.literal(scope.tenant)}")
    began = condition(asked.since, dialect)
    firsts = ", ".join(f"minOrNullIf(t, t >= begun AND {each}) - begun AS f{at}" for at, each in enumerate(features))
    times = ", ".join(
        f"count(f{at}), quantilesExactInclusive(0.5, 0.9)(f{at}), avg(f{at})" for at in range(len(features))
    )
    [row] = engine.query(
        f"SELECT count(), {times} FROM (SELECT actor, {firsts} FROM "  # noqa: S608 - values are quoted
        f"(SELECT *, {dialect.time} AS t, minIf(t, {began}) OVER (PARTITION BY actor) AS begun "
        f"FROM {engine.events} WHERE {' AND '.join(where)}) "
        f"WHERE begun >= {instant(scope.start)} AND begun < {instant(scope.end)} GROUP BY actor, begun)"
    )
    actors, starts = int(row[0]), []
    for at, name in enumerate(asked.features):
        count, quantiles, mean = int(row[3 * at + 1]), row[3 * at + 2], row[3 * at + 3]
        time = Durations(count, quantiles[0] / 1e6, mean / 1e6, quantiles[1] / 1e6) if count else None
        starts.append(FeatureStart(name, count, share(count, actors), time))
    return FirstUseResult(actors, tuple(starts))
