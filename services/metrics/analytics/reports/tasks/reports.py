"""Tasks and where they end as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.report import Report, by_sql
from services.metrics.analytics.reports.tasks.exits import Exits, check_exits, exits
from services.metrics.analytics.reports.tasks.task_time import TaskTime, check_task_time, task_time

REPORTS: Final[dict[type[Any], Report]] = {
    TaskTime: by_sql(check_task_time, task_time),
    Exits: by_sql(check_exits, exits),
}
