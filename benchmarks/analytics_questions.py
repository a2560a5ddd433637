"""
The questions of benchmarks of reports: to the store, and the same to ClickHouse's engine on the same events.

The engine has the events in one table, in the order that suits its funnels and retention, with people told apart
already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from benchmarks.analytics_events import BEGINNING_US, NAMES, Scale, batches, tenant
from benchmarks.analytics_store import EVENTS_AT_ONCE
from services.metrics.analytics.reports.asking import (
    Breakdown,
    Cohort,
    CohortFilter,
    Did,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.cohorts.asking import CohortSize
from services.metrics.analytics.reports.features.asking import FeatureUse
from services.metrics.analytics.reports.funnels.asking import Funnel
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.paths.asking import Counted, Paths
from services.metrics.analytics.reports.retention.asking import Retention
from services.metrics.analytics.reports.running import Question
from services.metrics.analytics.reports.series.asking import Series

STEPS: Final = ("login_sucesso", "dashboard_acessado", "botao_nova_venda_clicado", "venda_criada")
OFFSETS: Final = (1, 7, 30)
THREADS: Final = 2
_DAY_US: Final = 86_400_000_000
_ZONE: Final = "America/Sao_Paulo"
_JOINED: Final = "SELECT arrayStringConcat(groupArray(n), ',')"


@dataclass(frozen=True, slots=True)
class Case:
    """
    A question to both.

    Attributes:
        question: to the store.
        numbers: of the store's result, to compare.
        sql: the same question to the engine, which answers these numbers in one row; none where only ours is measured.
    """

    question: Question
    numbers: Callable[[Any], Sequence[int]]
    sql: str = ""


class Chdb:
    """The engine, with the events of a scale."""

    def __init__(self, scale: Scale) -> None:
        from chdb.session import Session  # noqa: PLC0415 - 900 MB that a question to the store alone does not need

        self._session: Any = Session()  # type: ignore[no-untyped-call]  # it has no types
        self.run(
            "CREATE TABLE events (tenant UInt16, actor UInt32, t UInt64, time DateTime('America/Sao_Paulo'), "
            "name LowCardinality(String)) ENGINE = MergeTree ORDER BY (tenant, actor, t)"
        )
        names = f"[{', '.join(repr(name) for name in NAMES)}]"
        for batch in batches(scale, EVENTS_AT_ONCE):
            rows = pa.table(
                {name: getattr(batch, column) for name, column in
                 (("tenant", "tenant"), ("actor", "user"), ("t", "time_us"), ("code", "name"))}
            )  # fmt: skip
            self._insert(rows, names)
        self.run("OPTIMIZE TABLE events FINAL")

    def _insert(self, rows: Any, names: str) -> None:  # noqa: ARG002 - the query finds `rows` by its name
        self.run(
            "INSERT INTO events SELECT tenant, actor, t, toDateTime(intDiv(t, 1000000), 'America/Sao_Paulo'), "  # noqa: S608 - names of ours
            f"arrayElement({names}, code + 1) FROM Python(rows)"
        )

    def run(self, sql: str) -> str:
        """Run a statement and return its answer as CSV."""
        return str(self._session.query(sql))

    def numbers(self, sql: str) -> list[int]:
        """Return the numbers of the one row that a query answers."""
        answer = self.run(f"{sql} SETTINGS max_threads = {THREADS}")
        return [int(each) for each in answer.replace('"', "").strip().split(",")]


def cases(scale: Scale) -> dict[str, Case]:
    """Return all questions."""
    end_us = BEGINNING_US + scale.days * _DAY_US
    scope = Scope(start=moment_of(BEGINNING_US), end=moment_of(end_us))
    steps = tuple(Selection(name) for name in STEPS)
    funnel = Funnel(scope=scope, steps=steps, window=timedelta(days=7))
    one = replace(scope, tenant=tenant(0))
    often = Cohort((Did(selection=Selection(STEPS[-1]), least=3),))
    sellers = replace(scope, cohorts=(CohortFilter(often),))
    inside = f"t >= {BEGINNING_US} AND t < {end_us}"
    conditions = ", ".join([f"name = '{STEPS[0]}' AND {inside}", *(f"name = '{name}'" for name in STEPS[1:])])
    levels = ", ".join(f"countIf(level >= {number})" for number in range(1, len(STEPS) + 1))
    names = ", ".join(f"'{name}'" for name in STEPS)
    day = "toDate(time)"
    last = f"toDate(fromUnixTimestamp64Micro({end_us}, '{_ZONE}'))"
    first = f"toDate(fromUnixTimestamp64Micro({BEGINNING_US}, '{_ZONE}'))"
    kept = ", ".join(
        f"countIf(f >= {first} AND f + {offset} < {last}), countIf(f >= {first} AND f + {offset} < {last} AND r[{at}])"
        for at, offset in enumerate(OFFSETS, start=2)
    )
    returned = f"retention(d = first_day, {', '.join(f'd = first_day + {offset}' for offset in OFFSETS)}) AS r"
    by_window = f"SELECT any(first_day) AS f, {returned} FROM (SELECT actor, {day} AS d, min(d) OVER (PARTITION BY actor) AS first_day FROM events) GROUP BY actor"  # noqa: E501, S608 - one query
    by_arrays = f"SELECT groupUniqArray({day}) AS ds, arrayMin(ds) AS f, [1, {', '.join(f'has(ds, f + {offset})' for offset in OFFSETS)}] AS r FROM events GROUP BY actor"  # noqa: E501, S608 - one query
    return {
        "funnel, 4 steps": Case(
            funnel,
            lambda result: [step.actors for step in result.steps],
            f"SELECT {levels} FROM (SELECT windowFunnel({7 * _DAY_US})(t, {conditions}) AS level FROM events "  # noqa: S608 - values of ours
            f"WHERE name IN ({names}) GROUP BY tenant, actor)",
        ),
        "retention, by the function": Case(Retention(scope=scope), _kept, f"SELECT {kept} FROM ({by_window})"),  # noqa: S608 - values of ours
        "retention, by arrays": Case(Retention(scope=scope), _kept, f"SELECT {kept} FROM ({by_arrays})"),  # noqa: S608 - values of ours
        "top features": Case(
            FeatureUse(scope=scope, limit=200),
            lambda result: [each.users + 1_000_003 * each.uses for each in result.by_uses],
            f"{_JOINED} FROM (SELECT uniqExact(actor) + 1000003 * count() AS n FROM events "  # noqa: S608 - values of ours
            f"WHERE {inside} GROUP BY name ORDER BY count() DESC)",
        ),
        "hourly series": Case(
            Series(scope=scope, unit=Unit.HOUR),
            lambda result: [point.value for point in result.points if point.value],
            f"{_JOINED} FROM (SELECT toStartOfHour(time) AS h, count() AS n FROM events "  # noqa: S608 - values of ours
            f"WHERE {inside} GROUP BY h ORDER BY h)",
        ),
        "funnel of the largest tenant": Case(replace(funnel, scope=one), lambda result: [result.steps[0].actors]),
        "funnel of the largest tenant, by a property": Case(
            replace(funnel, scope=one, breakdown=Breakdown(Property("tipo"))), lambda result: [result.steps[0].actors]
        ),
        "funnel of a cohort": Case(replace(funnel, scope=sellers), lambda result: [result.steps[0].actors]),
        "size of a cohort": Case(CohortSize(scope=scope, cohort=often), lambda result: [result.members]),
        "paths, 5 steps": Case(
            Paths(scope=scope, anchor=Selection(STEPS[0]), depth=5, counted=Counted.OCCURRENCES),
            lambda result: [result.paths],
        ),
        "daily actors": Case(Series(scope=scope), lambda result: [result.total]),
    }


def _kept(result: Any) -> Sequence[int]:
    return [number for offset in OFFSETS for number in (result.shares[offset].actors, result.shares[offset].returned)]
