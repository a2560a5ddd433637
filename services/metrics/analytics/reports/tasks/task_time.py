"""How long a task takes, from one event to another. Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.metrics.analytics.reports.answers import Durations, Group, share
from services.metrics.analytics.reports.asking import Breakdown, Known, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.grouping import grouping_of
from services.metrics.analytics.reports.local_time import instant, moment_of

USUAL_LIMIT: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTime:
    """
    How long actors take from a start to an end.

    An end belongs to the start right before it among the actor's starts and ends, at most `within` earlier; of one
    time, starts come first. A start that is followed by another start, by nothing, or by an end too late was abandoned.

    Attributes:
        scope: of the starts; ends may come later.
        start, end: events of different names.
        within: the longest a task takes, inclusive.
        breakdown: by a property of the start.
    """

    scope: Scope
    start: Selection
    end: Selection
    within: timedelta = USUAL_LIMIT
    breakdown: Breakdown | None = None


@dataclass(frozen=True, slots=True)
class TaskTimeGroup:
    """
    The tasks of a group of the breakdown.

    Attributes:
        group: see there.
        started, completed, abandoned, actors, time: see `TaskTimeResult`.
    """

    group: Group
    started: int
    completed: int
    abandoned: float | None
    actors: int
    time: Durations | None


@dataclass(frozen=True, slots=True)
class TaskTimeResult:
    """
    A task.

    Attributes:
        started: how often.
        completed: how often to the end.
        abandoned: the share of those that were started and not completed; None of none.
        actors: different ones who started.
        time: of those completed.
        incomplete: whether tasks may still be completed.
        groups: of the breakdown, those started most often first, the others last.
        values: how many different values the breakdown has; None without a breakdown.
    """

    started: int
    completed: int
    abandoned: float | None
    actors: int
    time: Durations | None
    incomplete: bool
    groups: tuple[TaskTimeGroup, ...] = ()
    values: int | None = None


def check_task_time(asked: TaskTime, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("start", asked.start, any_event=False)
    checks.selection("end", asked.end, any_event=False)
    if asked.start.event == asked.end.event:
        checks.add("end.event", "must not be the one that it starts with")
    if not timedelta(seconds=1) <= asked.within <= _LONGEST:
        checks.add("within", "must be 1 second to 30 days")
    checks.breakdown(asked.breakdown)
    checks.finish()


def task_time(asked: TaskTime, scope: Scope, engine: Engine, complete_us: int) -> TaskTimeResult:
    """Answer the question."""
    dialect = engine.dialect
    within_us = asked.within // timedelta(microseconds=1)
    end_us = instant(scope.end)
    wide = Scope(
        start=scope.start,
        end=moment_of(end_us + within_us + 1),
        tenant=scope.tenant,
        time_zone=scope.time_zone,
        filters=scope.filters,
    )
    start, end = condition(asked.start, dialect), condition(asked.end, dialect)
    number = engine.nullable_number
    took = f"CASE WHEN kind = 0 AND t < {end_us} AND next_kind = 1 AND next_t - t <= {within_us} THEN next_t - t END"
    grouping = grouping_of(asked.breakdown, scope, asked.start, engine)
    rows = engine.query(
        f"SELECT grouping(number), number, {dialect.true(f'kind = 0 AND t < {end_us}')}, count(took), "  # noqa: S608 - values are quoted by the dialect
        f"{dialect.quantiles('took', (0.5, 0.9))}, "
        f"avg(took), count(DISTINCT CASE WHEN kind = 0 AND t < {end_us} THEN actor END) FROM "
        f"(SELECT actor, kind, t, number, CAST({took} AS {number}) AS took FROM "
        "(SELECT actor, kind, t, number, lead(kind) OVER (PARTITION BY actor ORDER BY t, kind, number) AS next_kind, "
        "lead(t) OVER (PARTITION BY actor ORDER BY t, kind, number) AS next_t FROM "
        f"(SELECT actor, CAST(CASE WHEN {start} THEN 0 ELSE 1 END AS {number}) AS kind, "
        f"CAST({dialect.time} AS {number}) AS t, {grouping.number} AS number FROM {engine.events} "
        f"WHERE {engine.somebody} AND ({start} OR {end}) AND {scope_condition(wide, dialect)}) AS marks"
        ") AS pairs) AS tasks GROUP BY GROUPING SETS ((number), ())"
    )
    whole = TaskTimeGroup(Group(None), 0, 0, None, 0, None)
    groups = []
    for all_groups, at, *found in rows:
        if int(all_groups):
            whole = _group(whole.group, found)
        elif grouping.groups and int(found[0]):
            groups.append((int(at), _group(grouping.groups[int(at)], found)))
    return TaskTimeResult(
        whole.started,
        whole.completed,
        whole.abandoned,
        whole.actors,
        whole.time,
        end_us + within_us > complete_us,
        tuple(group for _, group in sorted(groups, key=lambda each: each[0])),
        grouping.values,
    )


def _group(group: Group, counted: Sequence[Any]) -> TaskTimeGroup:
    started, completed, quantiles, mean, actors = counted
    time = None
    if int(completed):
        time = Durations(int(completed), quantiles[0] / 1e6, float(mean) / 1e6, quantiles[1] / 1e6)
    abandoned = share(int(started) - int(completed), int(started))
    return TaskTimeGroup(group, int(started), int(completed), abandoned, int(actors), time)
