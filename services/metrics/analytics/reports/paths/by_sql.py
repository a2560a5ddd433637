"""Paths by SQL, on either engine. Blocking."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.paths.results import ENDED, Hop


def hops_by_sql(asked: Paths, scope: Scope, engine: Engine) -> Counter[Hop]:
    """Return how often each hop is in a path."""
    steps = [f"s{step}" for step in range(1, asked.depth + 1)]
    sets = [f"({steps[0]})", *(f"({source}, {target})" for source, target in pairwise(steps))]
    there = ", ".join(f"grouping({step})" for step in steps)
    rows = engine.query(
        f"SELECT {there}, {', '.join(steps)}, count(*) FROM ({_paths(asked, scope, engine)}) AS paths "  # noqa: S608 - values are quoted by the dialect
        f"GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    hops: Counter[Hop] = Counter()
    for row in rows:
        held = [at for at in range(asked.depth) if not int(row[at])]
        names = [str(row[asked.depth + at]) for at in held]
        if len(names) < 2 or names[0] != ENDED:
            hops[Hop(held[-1] + 1, names[0] if len(names) > 1 else ENDED, names[-1])] += int(row[-1])
    return hops


def _paths(asked: Paths, scope: Scope, engine: Engine) -> str:
    """Return the query of a row for each path, with the names of its steps; `ENDED` after its last one."""
    dialect = engine.dialect
    gap_us = asked.gap // timedelta(microseconds=1)
    where = f"{engine.somebody} AND {scope_condition(scope, dialect)}"
    if asked.excluded:
        where += f" AND name NOT IN ({', '.join(map(dialect.literal, asked.excluded))})"
    seen = (
        f"SELECT actor, {dialect.time} AS t, CAST(name AS {engine.text_type}) AS event, "  # noqa: S608 - as above
        f"CASE WHEN {condition(asked.anchor, dialect)} THEN 1 ELSE 0 END AS anchor FROM {engine.events} WHERE {where}"
    )
    by_actor = "OVER (PARTITION BY actor ORDER BY n)"
    numbered = f"SELECT *, row_number() OVER (PARTITION BY actor ORDER BY t, event, anchor) AS n FROM ({seen}) AS seen"  # noqa: S608 - as above
    told = (
        f"SELECT *, CASE WHEN n = 1 OR t - lag(t) {by_actor} > {gap_us} THEN 1 ELSE 0 END AS begins, "  # noqa: S608 - as above
        f"CASE WHEN n > 1 AND event = lag(event) {by_actor} AND anchor = lag(anchor) {by_actor} THEN 1 ELSE 0 END "
        f"AS repeats FROM ({numbered}) AS numbered"
    )
    sessions = f"SELECT *, sum(begins) {by_actor} AS session FROM ({told}) AS told"  # noqa: S608 - as above
    if asked.collapse:
        sessions = f"SELECT * FROM ({sessions}) AS sessions WHERE begins = 1 OR repeats = 0"  # noqa: S608 - as above
    toward = "lead" if asked.direction is Direction.AFTER else "lag"
    steps = ", ".join(
        f"coalesce({toward}(event, {step}) OVER (PARTITION BY actor, session ORDER BY n), '{ENDED}') AS s{step}"
        for step in range(1, asked.depth + 1)
    )
    place = "row_number() OVER (PARTITION BY actor, anchor ORDER BY n)"
    first = " AND place = 1" if asked.counted is Counted.ACTORS else ""
    return (
        f"SELECT * FROM (SELECT anchor, {place} AS place, {steps} FROM ({sessions}) AS kept) AS steps "  # noqa: S608 - as above
        f"WHERE anchor = 1{first}"
    )
