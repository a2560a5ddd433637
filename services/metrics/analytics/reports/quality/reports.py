"""Quality of the product as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.quality.problems import Problems, check_problems, problems
from services.metrics.analytics.reports.quality.values import TopValues, check_top_values, top_values
from services.metrics.analytics.reports.quality.vitals import WebVitals, check_web_vitals, web_vitals
from services.metrics.analytics.reports.report import Report, by_sql

REPORTS: Final[dict[type[Any], Report]] = {
    Problems: by_sql(check_problems, problems),
    TopValues: by_sql(check_top_values, top_values),
    WebVitals: by_sql(check_web_vitals, web_vitals),
}
