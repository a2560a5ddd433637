"""Retention as a report."""

from typing import Any, Final

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.reports.report import Report
from services.metrics.analytics.reports.retention.asking import Retention, check_retention
from services.metrics.analytics.reports.retention.on_clickhouse import tally_on_clickhouse
from services.metrics.analytics.reports.retention.on_store import tally_on_store
from services.metrics.analytics.reports.retention.results import RetentionResult, retention_result
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


def _on_store(asked: Retention, scope: Scope, source: Source, limits: Limits) -> RetentionResult:
    tally = tally_on_store(asked, scope, source, limits)
    return retention_result(asked, scope, tally, source.watermark.complete_us)


def _on_clickhouse(asked: Retention, scope: Scope, engine: ClickHouse, watermark: Watermark) -> RetentionResult:
    return retention_result(asked, scope, tally_on_clickhouse(asked, scope, engine), watermark.complete_us)


REPORTS: Final[dict[type[Any], Report]] = {Retention: Report(check_retention, _on_store, _on_clickhouse)}
