"""What occurs most: errors, rage clicks, whatever properties tell apart. Blocking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.metrics.analytics.reports.asking import Known, Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.local_time import instant, moment_of

MOST_PROPERTIES: Final = 3
MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TopValues:
    """
    The values of properties that occur most.

    Attributes:
        scope: see there.
        selection: which events, for instance `erro_frontend` or `clique_raivoso`.
        properties: 1 to 3 that make a row together.
        limit: of rows.
    """

    scope: Scope
    selection: Selection
    properties: tuple[Property, ...]
    limit: int = 20


@dataclass(frozen=True, slots=True)
class ValueRow:
    """
    Values that occurred together.

    Attributes:
        values: of the properties; None where absent.
        events: in the period.
        actors: different ones of them.
        first_seen: when they occurred first, of all history.
        last_seen: when they occurred last, in the period.
    """

    values: tuple[str | None, ...]
    events: int
    actors: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class TopValuesResult:
    """The rows with most events (equal ones with most actors, then by value), how many rows there are, all events."""

    rows: tuple[ValueRow, ...]
    count: int
    events: int


def check_top_values(asked: TopValues, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("selection", asked.selection)
    if not 1 <= len(asked.properties) <= MOST_PROPERTIES:
        checks.add("properties", f"must be 1 to {MOST_PROPERTIES}")
    for at, each in enumerate(asked.properties[:MOST_PROPERTIES]):
        checks.property(f"properties[{at}]", each)
    checks.number("limit", asked.limit, 1, MOST_ROWS)
    checks.finish()


def top_values(asked: TopValues, scope: Scope, engine: Engine, _complete_us: int) -> TopValuesResult:
    """Answer the question."""
    dialect = engine.dialect
    names = [f"v{at}" for at in range(len(asked.properties))]
    columns = ", ".join(f"{dialect.text(each)} AS {name}" for name, each in zip(names, asked.properties, strict=True))
    # Of all history up to the end of the period; what is not in the period has no events.
    history = Scope(start=moment_of(0), end=scope.end, tenant=scope.tenant, filters=scope.filters)
    start = instant(scope.start)
    keys = ", ".join(names)
    order = ", ".join(f"{name} IS NOT NULL, {name}" for name in names)
    rows = engine.query(
        f"SELECT {keys}, {dialect.true(f't >= {start}')} AS events, "  # noqa: S608 - values are quoted by the dialect
        f"count(DISTINCT CASE WHEN t >= {start} AND somebody THEN actor END) AS actors, min(t), max(t), "
        f"count(*) OVER (), sum({dialect.true(f't >= {start}')}) OVER () FROM (SELECT {columns}, actor, "
        f"{engine.somebody} AS somebody, {dialect.time} AS t FROM {engine.events} "
        f"WHERE {scope_condition(history, dialect)} AND {condition(asked.selection, dialect)}) AS events "
        f"GROUP BY {keys} HAVING max(t) >= {start} ORDER BY events DESC, actors DESC, {order} LIMIT {asked.limit}"
    )
    width = len(names)
    return TopValuesResult(
        tuple(
            ValueRow(
                tuple(row[:width]),
                int(row[width]),
                int(row[width + 1]),
                moment_of(int(row[width + 2])),
                moment_of(int(row[width + 3])),
            )
            for row in rows
        ),
        int(rows[0][width + 4]) if rows else 0,
        int(rows[0][width + 5]) if rows else 0,
    )
