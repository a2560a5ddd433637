"""Series as a report."""

from typing import Any, Final

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.engines import clickhouse_engine
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.reports.report import Report
from services.metrics.analytics.reports.series.asking import Series, check_series
from services.metrics.analytics.reports.series.by_sql import tally_by_sql
from services.metrics.analytics.reports.series.on_store import tally_on_store
from services.metrics.analytics.reports.series.results import SeriesResult, series_result
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


def _on_store(asked: Series, scope: Scope, source: Source, limits: Limits) -> SeriesResult:
    tally = tally_on_store(asked, scope, source, limits)
    return series_result(asked, scope, tally, source.watermark.complete_us)


def _on_clickhouse(asked: Series, scope: Scope, engine: ClickHouse, watermark: Watermark) -> SeriesResult:
    tally = tally_by_sql(asked, scope, clickhouse_engine(engine))
    return series_result(asked, scope, tally, watermark.complete_us)


REPORTS: Final[dict[type[Any], Report]] = {Series: Report(check_series, _on_store, _on_clickhouse)}
