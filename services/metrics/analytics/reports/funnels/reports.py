"""Funnels, and the people in them, as reports."""

from typing import Any, Final

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.funnels.asking import Funnel, FunnelPeople, check_funnel, check_people
from services.metrics.analytics.reports.funnels.on_clickhouse import tally_on_clickhouse
from services.metrics.analytics.reports.funnels.on_store import tally_on_store
from services.metrics.analytics.reports.funnels.people import people_on_clickhouse, people_on_store
from services.metrics.analytics.reports.funnels.results import FunnelResult, funnel_result
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.reports.report import Report
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


def _on_store(funnel: Funnel, scope: Scope, source: Source, limits: Limits) -> FunnelResult:
    tally = tally_on_store(funnel, scope, source, limits)
    return funnel_result(funnel, scope, tally, source.watermark.complete_us)


def _on_clickhouse(funnel: Funnel, scope: Scope, engine: ClickHouse, watermark: Watermark) -> FunnelResult:
    tally = tally_on_clickhouse(funnel, scope, engine, watermark.complete_us)
    return funnel_result(funnel, scope, tally, watermark.complete_us)


REPORTS: Final[dict[type[Any], Report]] = {
    Funnel: Report(check_funnel, _on_store, _on_clickhouse),
    FunnelPeople: Report(check_people, people_on_store, people_on_clickhouse),
}
