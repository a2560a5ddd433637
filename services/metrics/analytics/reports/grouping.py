"""The groups of a breakdown in SQL, on either engine. Blocking."""

from dataclasses import dataclass

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import Breakdown, Property, Scope, Selection
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine


@dataclass(frozen=True, slots=True)
class Grouping:
    """
    The groups of a breakdown.

    Attributes:
        groups: those with most events first, then the others; none without a breakdown.
        values: how many different values the breakdown has; None without one.
        number: the SQL of the place of an event's group among them.
    """

    groups: tuple[Group, ...] = ()
    values: int | None = None
    number: str = "0"


def grouping_of(breakdown: Breakdown | None, scope: Scope, selection: Selection, engine: Engine) -> Grouping:
    """Return the groups of the events of a selection in a period."""
    if breakdown is None:
        return Grouping()
    kept, values = _top_values(breakdown, scope, selection, engine)
    groups = tuple(Group(value) for value in kept)
    groups += (Group(None, others=True),) if values > len(kept) else ()
    return Grouping(groups, values, _number(breakdown.property, kept, engine))


def _top_values(
    breakdown: Breakdown, scope: Scope, selection: Selection, engine: Engine
) -> tuple[list[str | None], int]:
    """Return the values of a breakdown that stay apart, those with most events first, and how many there are in all."""
    rows = engine.query(
        "SELECT value, count(*) OVER () FROM (SELECT value, count(*) AS size FROM "  # noqa: S608 - values are quoted
        f"(SELECT {engine.dialect.text(breakdown.property)} AS value FROM {engine.events} "
        f"WHERE {scope_condition(scope, engine.dialect, selection)}) GROUP BY value) AS sizes "
        f"ORDER BY size DESC, value IS NOT NULL, value LIMIT {breakdown.limit}"
    )
    return [value for value, _ in rows], int(rows[0][1]) if rows else 0


def _number(asked: Property, kept: list[str | None], engine: Engine) -> str:
    """Return the SQL of the place of an event's value among some; the number of those for all others."""
    text = engine.dialect.text(asked)
    cases = [
        f"WHEN {text} IS NULL THEN {at}"
        if value is None
        else f"WHEN {text} = {engine.dialect.literal(value)} THEN {at}"
        for at, value in enumerate(kept)
    ]
    return f"CASE {' '.join(cases)} ELSE {len(kept)} END" if cases else "0"
