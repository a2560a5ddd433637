"""What people did in a period, from the events. Blocking."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from services.metrics.analytics.reports.asking import Scope, Selection
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.features.by_sql import BEGINNING
from services.metrics.analytics.reports.impact.churn_histories import MOMENTS, WORD, Histories, Integers, Span
from services.metrics.analytics.reports.local_time import DAY, moment_of

MOST_PEOPLE_LOOKED_AT: Final = 200_000
"""Of more, those with the least numbers are taken, which is as good as drawn by lot."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Which events make somebody active, and which are errors; None for no errors."""

    activity: Selection
    errors: Selection | None


def histories(looked: Looked, span: Span, scope: Scope, engine: Engine) -> Histories:
    """Return what everybody did who was active in the history before any of the moments."""
    dialect = engine.dialect
    period = replace(scope, start=moment_of(span.now_us - span.days * DAY), end=moment_of(span.now_us))
    active = condition(looked.activity, dialect)
    error = "false" if looked.errors is None else condition(looked.errors, dialect)
    words = range(-(-span.days // WORD))
    # By events first: how many different ones somebody had is then a sum, which is far quicker than to tell them apart.
    by_event = [each for which in MOMENTS for each in _of_moment(which, span)]
    by_event += [f"{dialect.united(_bit(word, engine))} AS w{word}" for word in words]
    by_actor = [f"{how}({name}{which})" for which in MOMENTS for how, name in _TOGETHER]
    by_actor += [dialect.united(f"w{word}") for word in words]
    ever = " + ".join(f"max(last{which})" for which in MOMENTS)
    rows = engine.query(
        f"SELECT actor, {', '.join(by_actor)}, count(*) OVER () FROM "  # noqa: S608 - values are quoted by the dialect
        f"(SELECT actor, name, {', '.join(by_event)} FROM "
        f"(SELECT actor, name, t, acts, fails, {span.now_us - 1} - t AS back FROM "
        f"(SELECT actor, name, CAST({dialect.time} AS {engine.nullable_number}) AS t, "
        f"CASE WHEN {active} THEN 1 ELSE 0 END AS acts, CASE WHEN {error} THEN 1 ELSE 0 END AS fails "
        f"FROM {engine.events} WHERE {engine.somebody} AND {scope_condition(period, dialect)}) AS marks) AS marked "
        f"GROUP BY actor, name) AS by_event GROUP BY actor HAVING {ever} > 0 "
        f"ORDER BY actor LIMIT {MOST_PEOPLE_LOOKED_AT}"
    )
    width = 2 + len(MOMENTS) * len(_TOGETHER) + len(words)
    table = np.array([[int(each) for each in row] for row in rows], np.int64).reshape(-1, width)
    actors, told = table[:, 0], table[:, 1 : 1 + len(MOMENTS) * len(_TOGETHER)]
    last, breadth, errors = (told[:, at :: len(_TOGETHER)] for at in range(len(_TOGETHER)))
    count = int(table[0, -1]) if len(table) else 0
    first = _first_times(actors, span.now_us, scope, engine)
    return Histories(actors, first, last, breadth, errors, table[:, 1 + told.shape[1] : -1], count)


_TOGETHER: Final = (("max", "last"), ("sum", "seen"), ("sum", "errors"))
"""How what was told of the events of an actor is told of the actor."""


def _of_moment(which: int, span: Span) -> list[str]:
    moment = span.moment(which)
    inside = f"t >= {moment - span.history * DAY} AND t < {moment}"
    return [
        f"max(CASE WHEN acts = 1 AND {inside} THEN t ELSE 0 END) AS last{which}",
        f"max(CASE WHEN {inside} THEN 1 ELSE 0 END) AS seen{which}",
        f"sum(CASE WHEN fails = 1 AND {inside} THEN 1 ELSE 0 END) AS errors{which}",
    ]


def _bit(word: int, engine: Engine) -> str:
    """Return the bit of the day of an event in a word; 0 when it is in another one, or no activity."""
    low, high = word * WORD * DAY, (word + 1) * WORD * DAY
    day = f"(back - back % {DAY}) / {DAY} - {word * WORD}"
    bit = f"CAST(pow(2, {day}) AS {engine.nullable_number})"
    return f"CASE WHEN acts = 1 AND back >= {low} AND back < {high} THEN {bit} ELSE 0 END"


def _first_times(actors: Integers, before_us: int, scope: Scope, engine: Engine) -> Integers:
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
