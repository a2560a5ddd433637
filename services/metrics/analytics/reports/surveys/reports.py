"""Surveys as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.report import Report, by_sql
from services.metrics.analytics.reports.surveys.nps import Nps, check_nps, nps

REPORTS: Final[dict[type[Any], Report]] = {Nps: by_sql(check_nps, nps)}
