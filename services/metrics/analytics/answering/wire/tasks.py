"""Times of tasks, and where sessions end. Pure."""

from collections.abc import Iterable
from typing import Final

from mirante.api.metrics.v1 import task_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    breakdown_of,
    optional_length,
    optional_property,
    optional_selection,
    selection_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Property, Scope, Selection
from services.metrics.analytics.reports.tasks.exits import Exits
from services.metrics.analytics.reports.tasks.task_time import USUAL_LIMIT, TaskTime

_USUAL_SCREENS: Final = 50
_VIEW: Final = Selection("pagina_vista")
_SCREEN: Final = Property("caminho")


def task_time_of(message: pb2.TaskTimeQuestion, scope: Scope) -> TaskTime:
    """Return what is asked."""
    return TaskTime(
        scope=scope,
        start=selection_of(message.start, "start"),
        end=selection_of(message.end, "end"),
        within=optional_length(message, "within", USUAL_LIMIT),
        breakdown=breakdown_of(message),
    )


def exits_of(message: pb2.ExitsQuestion, scope: Scope) -> Exits:
    """Return what is asked."""
    return Exits(
        scope=scope,
        view=optional_selection(message, "view", _VIEW),
        screen=optional_property(message, "screen", _SCREEN),
        limit=message.limit or _USUAL_SCREENS,
        breakdown=breakdown_of(message),
    )


def task_time_table(result: pb2.TaskTimeResult) -> Table:
    """Return a row of all tasks, and one for each group."""
    rows = [_task_row("", result, incomplete=result.incomplete)]
    rows += [_task_row(group_name(each.group), each, incomplete=result.incomplete) for each in result.groups]
    columns = (
        "group",
        "started",
        "completed",
        "abandoned",
        "actors",
        "median_seconds",
        "mean_seconds",
        "p90_seconds",
        "incomplete",
    )
    return Table(columns, tuple(rows))


def exits_table(result: pb2.ExitsResult) -> Table:
    """Return a row for each screen, and for each group and screen."""
    rows = _screen_rows("", result.screens)
    for group in result.groups:
        rows += _screen_rows(group_name(group.group), group.screens)
    return Table(("group", "screen", "sessions", "ended", "abandonment"), tuple(rows))


def _task_row(group: str | None, tasks: pb2.TaskTimeResult | pb2.TaskTimeGroup, *, incomplete: bool) -> Row:
    time = tasks.time if tasks.HasField("time") else None
    times = (None, None, None) if time is None else (time.median, time.mean, time.p90)
    counts = (tasks.started, tasks.completed, *optional(tasks, "abandoned"), tasks.actors)
    return (group, *counts, *times, incomplete)


def _screen_rows(group: str | None, screens: Iterable[pb2.ScreenExits]) -> list[Row]:
    return [(group, each.screen, each.sessions, each.ended, *optional(each, "abandonment")) for each in screens]


REPORTS: Final = {
    "task_time": WireReport(task_time_of, task_time_table),
    "exits": WireReport(exits_of, exits_table),
}
