"""What people did before a moment, and whether they came back after it. Blocking."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.asking import Scope, Selection
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.features.by_sql import BEGINNING
from services.metrics.analytics.reports.impact.churn_model import Facts
from services.metrics.analytics.reports.local_time import DAY, moment_of

MOST_PEOPLE_LOOKED_AT: Final = 200_000
"""Of more, those with the least numbers are taken, which is as good as drawn by lot."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Who counts as active, what is an error, how many days of history there are, and how long after is looked."""

    activity: Selection
    errors: Selection | None
    history_days: int
    horizon: timedelta


def facts_at(cut_us: int, looked: Looked, scope: Scope, engine: Engine) -> Facts:
    """Return what is known of everybody who was active in the history before a moment."""
    dialect, history = engine.dialect, looked.history_days
    newer_days = history // 2
    begin, middle = cut_us - history * DAY, cut_us - newer_days * DAY
    wide = replace(scope, start=moment_of(begin), end=moment_of(cut_us) + looked.horizon)
    active = condition(looked.activity, dialect)
    error = "false" if looked.errors is None else condition(looked.errors, dialect)
    back = f"{cut_us - 1} - t"
    # Numbered by whole days back, so that no day is in both halves.
    day = f"CASE WHEN acts = 1 AND t < {cut_us} THEN ({back}) - ({back}) % {DAY} END"
    rows = engine.query(
        "SELECT actor, max(last), count(DISTINCT day), "  # noqa: S608 - values are quoted by the dialect
        f"count(DISTINCT CASE WHEN t >= {middle} THEN day END), count(DISTINCT CASE WHEN t < {cut_us} THEN name END), "
        f"{dialect.true(f'fails = 1 AND t < {cut_us}')}, {dialect.true(f'acts = 1 AND t >= {cut_us}')}, "
        f"count(*) OVER () FROM (SELECT *, {day} AS day, CASE WHEN acts = 1 AND t < {cut_us} THEN t END AS last FROM "
        f"(SELECT actor, name, CAST({dialect.time} AS {engine.nullable_number}) AS t, "
        f"CASE WHEN {active} THEN 1 ELSE 0 END AS acts, CASE WHEN {error} THEN 1 ELSE 0 END AS fails "
        f"FROM {engine.events} WHERE {engine.somebody} AND {scope_condition(wide, dialect)}) AS marks) AS marked "
        f"GROUP BY actor HAVING max(last) IS NOT NULL ORDER BY actor LIMIT {MOST_PEOPLE_LOOKED_AT}"
    )
    table = np.array([[int(each) for each in row] for row in rows], np.int64).reshape(-1, 8)
    actors, last, days, newer, breadth, errors, after = table.T[:7]
    first = _first_times(actors, cut_us, scope, engine)
    values = np.column_stack(
        [
            (cut_us - last) / DAY,
            days,
            newer / newer_days - (days - newer) / (history - newer_days),
            (cut_us - first) / DAY,
            breadth,
            errors,
        ]
    )
    return Facts(actors, values.astype(np.float64), after == 0, int(table[0, 7]) if len(table) else 0)


def _first_times(actors: npt.NDArray[np.int64], before_us: int, scope: Scope, engine: Engine) -> npt.NDArray[np.int64]:
    """Return when each actor had their first event ever, whatever it was."""
    if not len(actors):
        return actors
    ever = replace(scope, start=BEGINNING, end=moment_of(before_us), filters=())
    rows = engine.query(
        f"SELECT actor, min({engine.dialect.time}) FROM {engine.events} WHERE {engine.somebody} "  # noqa: S608 - as above
        f"AND actor <= {int(actors[-1])} AND {scope_condition(ever, engine.dialect)} GROUP BY actor"
    )
    firsts = {int(actor): int(first) for actor, first in rows}
    return np.array([firsts[actor] for actor in actors.tolist()], np.int64)
