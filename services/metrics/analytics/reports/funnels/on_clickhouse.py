"""
Funnels on ClickHouse. Blocking.

The level is what `windowFunnel` with `strict_once` says. When it was reached first, and where the newest chain that did
so began, follows from asking it again about the events up to a time, and from a time on. Chains with exclusions are
followed event by event.
"""

from collections import Counter
from datetime import timedelta
from typing import Final

from services.metrics.analytics.reports.answers import Durations
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.dialects import ClickHouseDialect, all_conditions, condition
from services.metrics.analytics.reports.funnels.asking import Entry, Funnel
from services.metrics.analytics.reports.funnels.results import Cell, FunnelTally
from services.metrics.analytics.reports.local_time import Clock, instant

_VALUE: Final = (
    "arraySort(v -> (isNotNull(v), ifNull(v, '')), arrayMap(e -> e.4, "
    "arrayFilter(e -> toInt64(e.1) = start AND e.2[1], events)))[1]"
)
"""Of the first event; of several of one time, the least value."""


def tally_on_clickhouse(funnel: Funnel, scope: Scope, engine: ClickHouse, complete_us: int) -> FunnelTally:
    """Return what there is to count of a funnel in a period; `complete_us` is the watermark's."""
    cells: Counter[Cell] = Counter()
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    window_us = funnel.window // timedelta(microseconds=1)
    levels = levels_query(funnel, scope, engine)
    bucket = "toInt64(0)" if funnel.unit is None else ClickHouseDialect().bucket("start", funnel.unit, clock)
    rows = engine.query(
        "SELECT grouping(value), bucket, value, level, count(), "  # noqa: S608 - values are quoted
        f"countIf(start > {complete_us - window_us}), quantilesExactInclusive(0.5, 0.9)(reach - start), "
        f"avg(reach - start) FROM (SELECT *, {bucket} AS bucket FROM ({levels})) "
        "GROUP BY GROUPING SETS ((bucket, value, level), (level))"
    )
    steps, may_still_convert, durations = len(funnel.steps), 0, None
    for all_cells, start, value, level, actors, still_open, quantiles, mean in rows:
        if not int(all_cells):
            cells[Cell(int(start), value, int(level))] += int(actors)
            may_still_convert += int(still_open) if 0 < int(level) < steps else 0
        elif int(level) == steps:
            durations = Durations(int(actors), quantiles[0] / 1e6, mean / 1e6, quantiles[1] / 1e6)
    return FunnelTally(cells, may_still_convert, durations)


def levels_query(funnel: Funnel, scope: Scope, engine: ClickHouse) -> str:
    """Return the query of the columns actor, level, start, reach (microseconds) and value of everybody who began."""
    dialect = ClickHouseDialect()
    start, end = instant(scope.start), instant(scope.end)
    window_us = funnel.window // timedelta(microseconds=1)
    steps = [condition(step, dialect) for step in funnel.steps]
    excluding = [condition(each.event, dialect) for each in funnel.exclusions]
    value = "CAST(NULL AS Nullable(String))"
    if funnel.breakdown is not None:
        value = f"CAST({dialect.text(funnel.breakdown.property)} AS Nullable(String))"
    events = "true" if funnel.strict_order else " OR ".join(steps + excluding)
    where = [
        "actor != 0",
        f"time >= fromUnixTimestamp64Micro({start}, 'UTC')",
        f"time < fromUnixTimestamp64Micro({end + window_us}, 'UTC')",
        all_conditions(scope.filters, dialect),
        f"({events})",
    ]
    if scope.tenant is not None:
        where.append(f"tenant = {dialect.literal(scope.tenant)}")
    first = f"({steps[0]} AND t < {end})"
    flags = ", ".join([first, *steps[1:]])
    excluded = f"[{', '.join(excluding)}]" if excluding else "CAST([], 'Array(Bool)')"
    rows = (
        f"SELECT actor, toUInt64({dialect.time}) AS t, [{flags}] AS matches, {excluded} AS ends, {value} AS value "  # noqa: S608 - as above
        f"FROM {engine.events} WHERE {' AND '.join(where)}"
    )
    entry = "matches[1]"
    if funnel.entry is Entry.FIRST:
        entry = "matches[1] AND t = entry"
        rows = f"SELECT *, minIf(t, matches[1]) OVER (PARTITION BY actor) AS entry FROM ({rows})"  # noqa: S608 - as above
    arrays = ", ".join(
        [f"arrayMap(e -> e.2[{step}], events) AS c{step}" for step in range(1, len(steps) + 1)]
        + ["arrayMap(e -> e.1, events) AS times"]
    )
    by_actor = (
        f"SELECT actor, events, {arrays} FROM (SELECT actor, arraySort(e -> e.1, groupArray((t, "  # noqa: S608 - as above
        f"arrayConcat([{entry}], arraySlice(matches, 2)), ends, value))) AS events FROM ({rows}) GROUP BY actor)"
    )
    modes = "".join(
        f", \\'{mode}\\'"
        for mode in ("strict_order", "strict_deduplication", "strict_increase")
        if getattr(funnel, mode)
    )
    function = f"'windowFunnel({window_us}, \\'strict_once\\'{modes})'"
    if funnel.exclusions:
        return _followed(funnel, by_actor, function)
    return _asked_again(len(steps), by_actor, function)


def _asked_again(steps: int, by_actor: str, function: str) -> str:
    conditions = [f"c{step}" for step in range(1, steps + 1)]
    whole = f"arrayReduce({function}, times, {', '.join(conditions)})"

    def between(first: str, last: str) -> str:
        parts = ", ".join(
            f"arrayFilter((v, at) -> at >= {first} AND at <= {last}, {column}, times)"
            for column in ["times", *conditions]
        )
        return f"arrayReduce({function}, {parts})"

    begins = "arrayReverse(arrayFilter((at, is) -> is AND at <= reach, times, c1))"
    first_reach = f"arrayFirst(u -> {between('toUInt64(0)', 'u')} >= level, arrayDistinct(times))"
    return (
        f"SELECT actor, level, start, reach, {_VALUE} AS value FROM ("  # noqa: S608 - values are quoted
        f"SELECT *, toInt64(arrayFirst(b -> {between('b', 'reach')} >= level, {begins})) AS start FROM ("
        f"SELECT *, toInt64({first_reach}) AS reach FROM ("
        f"SELECT *, {whole} AS level FROM ({by_actor}) WHERE level > 0)))"
    )


def _followed(funnel: Funnel, by_actor: str, function: str) -> str:
    steps = len(funnel.steps)
    window_us = funnel.window // timedelta(microseconds=1)
    conditions = ", ".join(f"c{step}" for step in range(1, steps + 1))

    def ends(event: str, level: str) -> str:
        parts = [
            f"({event}.3[{number}] AND {level} >= {each.after} AND {level} < {each.before})"
            for number, each in enumerate(funnel.exclusions, start=1)
        ]
        return f"({' OR '.join(parts)})"

    before = "state.1[greatest(e.2 - 1, 1)]"
    begun = f"if(e.2 = 1, e.1, {before})"
    advances = f"(e.2 = 1 OR (e.2 > 1 AND {before} >= 0 AND e.1 - {before} <= {window_us}))"
    state = f"multiIf({ends('e', 'i')}, toInt64(-1), i = e.2 AND {advances}, {begun}, v)"
    newest = f"arrayMap((v, i) -> {state}, state.1, numbers)"
    reached = f"if({advances}, arrayPushBack(state.2, (e.2, e.1, {begun})), state.2)"
    nothing = f"(arrayWithConstant({steps}, toInt64(-1)), CAST([], 'Array(Tuple(Int64, Int64, Int64))'))"
    in_order = "arraySort(e -> (e.1, e.2), arrayMap(e -> (toInt64(e.1), toInt64(indexOf(e.2, true)), e.3), events))"
    lasting = (
        "arrayFilter(r -> r.1 = deepest AND NOT arrayExists("
        f"x -> x.1 > r.2 AND x.1 <= r.3 + {window_us} AND {ends('x', 'r.1')}, ordered), followed.2)"
    )
    return (
        f"SELECT actor, level, start, reach, {_VALUE} AS value FROM ("  # noqa: S608 - values are quoted
        "SELECT actor, events, if(empty(lasting), 0, deepest) AS level, "
        "if(empty(lasting), 0, lasting[1].3) AS start, if(empty(lasting), 0, lasting[1].2) AS reach FROM ("
        f"SELECT *, {lasting} AS lasting FROM ("
        f"SELECT *, arrayFold((state, e) -> ({newest}, {reached}), ordered, {nothing}) AS followed FROM ("
        f"SELECT *, {in_order} AS ordered, CAST(range(1, {steps + 1}), 'Array(Int64)') AS numbers, "
        f"arrayReduce({function}, times, {conditions}) AS deepest FROM ({by_actor}) WHERE deepest > 0))))"
    )
