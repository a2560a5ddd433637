"""Engagement as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle, check_lifecycle, lifecycle
from services.metrics.analytics.reports.engagement.stickiness import Stickiness, check_stickiness, stickiness
from services.metrics.analytics.reports.report import Report, by_sql

REPORTS: Final[dict[type[Any], Report]] = {
    Stickiness: by_sql(check_stickiness, stickiness),
    Lifecycle: by_sql(check_lifecycle, lifecycle),
}
