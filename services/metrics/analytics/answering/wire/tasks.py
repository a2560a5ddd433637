"""Times of tasks, and where sessions end. Pure."""

from typing import Final

from mirante.api.metrics.v1 import task_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    optional_length,
    optional_property,
    optional_selection,
    selection_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Table, optional
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
    )


def exits_of(message: pb2.ExitsQuestion, scope: Scope) -> Exits:
    """Return what is asked."""
    return Exits(
        scope=scope,
        view=optional_selection(message, "view", _VIEW),
        screen=optional_property(message, "screen", _SCREEN),
        limit=message.limit or _USUAL_SCREENS,
    )


def task_time_table(result: pb2.TaskTimeResult) -> Table:
    """Return one row."""
    time = result.time if result.HasField("time") else None
    times = (None, None, None) if time is None else (time.median, time.mean, time.p90)
    row = (
        result.started,
        result.completed,
        *optional(result, "abandoned"),
        result.actors,
        *times,
        result.incomplete,
    )
    columns = (
        "started",
        "completed",
        "abandoned",
        "actors",
        "median_seconds",
        "mean_seconds",
        "p90_seconds",
        "incomplete",
    )
    return Table(columns, (row,))


def exits_table(result: pb2.ExitsResult) -> Table:
    """Return a row for each screen."""
    rows = [(each.screen, each.sessions, each.ended, *optional(each, "abandonment")) for each in result.screens]
    return Table(("screen", "sessions", "ended", "abandonment"), tuple(rows))


REPORTS: Final = {
    "task_time": WireReport(task_time_of, task_time_table),
    "exits": WireReport(exits_of, exits_table),
}
