"""What a report is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.metrics.analytics.reports.asking import Known, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
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
