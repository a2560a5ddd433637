"""What a report is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.metrics.analytics.reports.asking import Known, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.engines import Engine, clickhouse_engine, store_engine
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


@dataclass(frozen=True, slots=True)
class Report:
    """
    A kind of question and how it is answered. The scope is given beside it: the same question is asked for two periods.

    Attributes:
        check: raises InvalidRequest, naming every field of the question that is wrong.
        on_store: answers a checked question from the store.
        on_clickhouse: answers it from ClickHouse.
    """

    check: Callable[[Any, Known], None]
    on_store: Callable[[Any, Scope, Source, Limits], Any]
    on_clickhouse: Callable[[Any, Scope, ClickHouse, Watermark], Any]


def by_sql(check: Callable[[Any, Known], None], answer: Callable[[Any, Scope, Engine, int], Any]) -> Report:
    """
    Return a report that both engines answer by the same queries.

    Args:
        check: see `Report`.
        answer: answers a checked question; the last argument is `complete_us` of the watermark.
    """

    def on_store(question: Any, scope: Scope, source: Source, limits: Limits) -> Any:
        with store_engine(source, scope.tenant, limits) as engine:
            return answer(question, scope, engine, source.watermark.complete_us)

    def on_clickhouse(question: Any, scope: Scope, clickhouse: ClickHouse, watermark: Watermark) -> Any:
        return answer(question, scope, clickhouse_engine(clickhouse), watermark.complete_us)

    return Report(check, on_store, on_clickhouse)
