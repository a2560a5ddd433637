"""The use of features as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.features.asking import (
    FeatureUse,
    FirstUse,
    check_feature_use,
    check_first_use,
)
from services.metrics.analytics.reports.features.by_sql import feature_use_on_clickhouse, first_use_on_clickhouse
from services.metrics.analytics.reports.features.on_store import feature_use_on_store, first_use_on_store
from services.metrics.analytics.reports.report import Report

REPORTS: Final[dict[type[Any], Report]] = {
    FeatureUse: Report(check_feature_use, feature_use_on_store, feature_use_on_clickhouse),
    FirstUse: Report(check_first_use, first_use_on_store, first_use_on_clickhouse),
}
