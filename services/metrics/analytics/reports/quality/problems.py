"""Where problems are more frequent than elsewhere: browsers, devices, releases. Blocking."""

from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.reports.answers import share
from services.metrics.analytics.reports.asking import EVERY_EVENT, Known, Origin, Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.intervals import newcombe

MOST_ROWS: Final = 200

_PROBLEM: Final = Selection("erro_frontend")
_BY: Final = Property("browser", Origin.CONTEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """
    The rate of users with a problem, by a property, against the rest.

    A user of two browsers is one user of each.

    Attributes:
        scope: see there.
        problem: the events that are one.
        exposed: events that say that somebody was there at all; problems do as well.
        by: the property.
        limit: of rows: those with most users are answered.
    """

    scope: Scope
    problem: Selection = _PROBLEM
    exposed: Selection = EVERY_EVENT
    by: Property = _BY
    limit: int = 20


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """
    A value.

    Attributes:
        value: of the property.
        users: who were there with it.
        affected: of them, who had the problem.
        rate, rest_rate: the share of those, here and with all other values; None of nobody.
        difference: of the rates; None when one of them is.
        low, high: its 95 % interval (Newcombe's hybrid score).
    """

    value: str
    users: int
    affected: int
    rate: float | None
    rest_rate: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def is_worse(self) -> bool:
        """Whether it is worse than the rest beyond doubt."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True, slots=True)
class ProblemsResult:
    """Rows by users, and how many values there are."""

    rows: tuple[ProblemRow, ...]
    count: int


def check_problems(asked: Problems, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("problem", asked.problem, any_event=False)
    checks.selection("exposed", asked.exposed)
    checks.property("by", asked.by)
    checks.number("limit", asked.limit, 1, MOST_ROWS)
    checks.finish()


def problems(asked: Problems, scope: Scope, engine: Engine, _complete_us: int) -> ProblemsResult:
    """Answer the question."""
    dialect = engine.dialect
    problem, exposed = condition(asked.problem, dialect), condition(asked.exposed, dialect)
    rows = engine.query(
        "SELECT value, count(*) AS users, sum(hit) AS affected, sum(count(*)) OVER (), sum(sum(hit)) OVER (), "  # noqa: S608 - values are quoted by the dialect
        "count(*) OVER () FROM (SELECT value, actor, max(is_problem) AS hit FROM "
        f"(SELECT {dialect.text(asked.by)} AS value, actor, CASE WHEN {problem} THEN 1 ELSE 0 END AS is_problem "
        f"FROM {engine.events} WHERE {engine.somebody} AND ({problem} OR {exposed}) "
        f"AND {scope_condition(scope, dialect)}) AS seen WHERE value IS NOT NULL GROUP BY value, actor) AS pairs "
        f"GROUP BY value ORDER BY users DESC, value LIMIT {asked.limit}"
    )
    found = []
    for value, users, affected, all_users, all_affected, _ in rows:
        here = int(affected), int(users)
        rest = int(all_affected) - here[0], int(all_users) - here[1]
        found.append(_row(value, here, rest))
    return ProblemsResult(tuple(found), int(rows[0][5]) if rows else 0)


def _row(value: str, here: tuple[int, int], rest: tuple[int, int]) -> ProblemRow:
    rate, rest_rate = share(*here), share(*rest)
    if rate is None or rest_rate is None:
        return ProblemRow(value, here[1], here[0], rate, rest_rate, None, None, None)
    low, high = newcombe(here, rest)
    return ProblemRow(value, here[1], here[0], rate, rest_rate, rate - rest_rate, low, high)
