"""Where SQL of reports runs: on the store, or on ClickHouse; the same queries, each in its dialect. Blocking."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from services.metrics.analytics.reports.clickhouse import ClickHouse, Query
from services.metrics.analytics.reports.dialect import Dialect
from services.metrics.analytics.reports.dialects import ClickHouseDialect, DuckDialect
from services.metrics.analytics.reports.narrowing import everyones
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.store.engine import Limits


@dataclass(frozen=True, slots=True)
class Engine:
    """
    Somewhere to ask.

    Attributes:
        query: runs a query.
        dialect: what it is written in.
        events: the relation of all events. `actor` is 0 or NULL for nobody: see `somebody`.
        everyones: the same, also when those are of some actors only.
        somebody: whether an event is about somebody.
        text_type: the name of the type of texts.
        nullable_number: the name of the type of whole numbers that may be absent.
    """

    query: Query
    dialect: Dialect
    events: str
    everyones: str
    somebody: str
    text_type: str
    nullable_number: str


@contextmanager
def store_engine(source: Source, tenant: str | None, limits: Limits) -> Iterator[Engine]:
    """Yield DuckDB on a snapshot of the store."""
    connection = source.connect(tenant, limits)

    def query(sql: str) -> Sequence[Sequence[Any]]:
        return connection.execute(sql).fetchall()

    try:
        dialect = DuckDialect(source.properties(tenant), rest=source.has_rest(tenant))
        yield Engine(query, dialect, "events", everyones(source), "actor IS NOT NULL", "VARCHAR", "BIGINT")
    finally:
        connection.close()


def clickhouse_engine(clickhouse: ClickHouse) -> Engine:
    """Return ClickHouse."""
    relations = clickhouse.events, clickhouse.everyones
    return Engine(clickhouse.query, ClickHouseDialect(), *relations, "actor != 0", "String", "Nullable(Int64)")
