"""Paths as a report."""

from typing import Any, Final

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.engines import clickhouse_engine
from services.metrics.analytics.reports.paths.asking import Paths, check_paths
from services.metrics.analytics.reports.paths.by_sql import hops_by_sql
from services.metrics.analytics.reports.paths.on_store import hops_on_store
from services.metrics.analytics.reports.paths.results import PathsResult, paths_result
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.reports.report import Report
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


def _on_store(asked: Paths, scope: Scope, source: Source, limits: Limits) -> PathsResult:
    return paths_result(asked, hops_on_store(asked, scope, source, limits))


def _on_clickhouse(asked: Paths, scope: Scope, clickhouse: ClickHouse, _watermark: Watermark) -> PathsResult:
    return paths_result(asked, hops_by_sql(asked, scope, clickhouse_engine(clickhouse)))


REPORTS: Final[dict[type[Any], Report]] = {Paths: Report(check_paths, _on_store, _on_clickhouse)}
