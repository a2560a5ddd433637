"""What earns or loses money as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.impact.association import RevenueAssociation, association, check_association
from services.metrics.analytics.reports.impact.churn import Churn, check_churn, churn
from services.metrics.analytics.reports.report import Report, by_sql

REPORTS: Final[dict[type[Any], Report]] = {
    RevenueAssociation: by_sql(check_association, association),
    Churn: by_sql(check_churn, churn),
}
