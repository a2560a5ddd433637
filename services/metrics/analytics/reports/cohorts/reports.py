"""Cohorts as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.cohorts.answering import (
    members_of_clickhouse,
    members_of_store,
    size_on_clickhouse,
    size_on_store,
)
from services.metrics.analytics.reports.cohorts.asking import CohortMembers, CohortSize, check_members, check_size
from services.metrics.analytics.reports.report import Report

REPORTS: Final[dict[type[Any], Report]] = {
    CohortSize: Report(check_size, size_on_store, size_on_clickhouse),
    CohortMembers: Report(check_members, members_of_store, members_of_clickhouse),
}
