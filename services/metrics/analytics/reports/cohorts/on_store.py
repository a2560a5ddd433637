"""Who is in a cohort, from the store. Blocking."""

import dataclasses
from collections.abc import Mapping
from functools import partial

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import (
    Cohort,
    Condition,
    Did,
    Filter,
    FirstDid,
    HasTrait,
    IsAmong,
    Operator,
    Scope,
)
from services.metrics.analytics.reports.cohorts.times import selections_of, times_of
from services.metrics.analytics.reports.dialect import column_of
from services.metrics.analytics.reports.dialects import DuckDialect, filter_condition
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.narrowing import Narrowed, traits_in
from services.metrics.analytics.reports.people import Actors, People
from services.metrics.analytics.reports.reading import Source, Stretch, computed
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.schema import quoted

Flags = npt.NDArray[np.bool_]


def members_on_store(cohort: Cohort, scope: Scope, source: Source, limits: Limits) -> Actors:
    """Return who is in a cohort, ascending; of the scope the tenant and the end matter."""
    fixed = {
        at: _fixed(each, scope, source)
        for at, each in enumerate(cohort.conditions)
        if isinstance(each, HasTrait | IsAmong)
    }
    wanted = reading.Events(selections_of(cohort), None, None, scope.tenant)
    work = partial(_members, cohort, fixed, instant(scope.end))
    found = list(computed(Narrowed(source, traits_in(_looked_at(cohort))), wanted, limits, work))
    return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def holders_on_store(asked: Filter, tenant: str | None, source: Source) -> People:
    """Return whose trait fulfils a filter."""
    if asked.operator is Operator.ABSENT:
        present = holders_on_store(dataclasses.replace(asked, operator=Operator.PRESENT), tenant, source)
        return dataclasses.replace(present, outside=True)
    known = source.traits(tenant)
    some = known.filter(pc.equal(known["name"], asked.property.name))
    column = quoted(column_of(asked.property))
    fulfilled = filter_condition(asked, DuckDialect({}, rest=False))
    connection = duckdb.connect(":memory:")
    try:
        connection.register("told", pa.table({"actor": some["actor"], "value": some["value"]}))
        told = connection.execute(
            f"SELECT DISTINCT actor FROM (SELECT actor, value AS {column} FROM told) WHERE {fulfilled} ORDER BY actor"  # noqa: S608 - values are quoted
        ).to_arrow_table()
    finally:
        connection.close()
    return People(told["actor"].to_numpy())


def _looked_at(cohort: Cohort) -> tuple[Condition, ...]:
    return tuple(each for each in cohort.conditions if isinstance(each, Did | FirstDid))


def _fixed(condition: HasTrait | IsAmong, scope: Scope, source: Source) -> People:
    if isinstance(condition, HasTrait):
        return holders_on_store(condition.filter, scope.tenant, source)
    return People(np.unique(np.array(condition.actors, np.int64)))


def _members(cohort: Cohort, fixed: Mapping[int, People], end_us: int, stretch: Stretch) -> Actors:
    there = np.bincount(stretch.actor, minlength=len(stretch.actors)) > 0
    found, bit = np.full(len(stretch.actors), not cohort.any), 0
    for at, condition in enumerate(cohort.conditions):
        if isinstance(condition, Did | FirstDid):
            fulfilled = _did(condition, end_us, stretch, bit)
            bit += 1
        else:
            fulfilled = fixed[at].among(stretch.actors)
        found = found | fulfilled if cohort.any else found & fulfilled
    return stretch.actors[found & there]


def _did(condition: Did | FirstDid, end_us: int, stretch: Stretch, bit: int) -> Flags:
    start, end = times_of(condition, end_us)
    rows = np.flatnonzero(stretch.bits & stretch.bits.dtype.type(1 << bit))
    actor, time = stretch.actor[rows], stretch.time[rows]
    if isinstance(condition, FirstDid):
        first = np.ones(len(rows), bool)
        np.not_equal(actor[1:], actor[:-1], out=first[1:])
        found = np.zeros(len(stretch.actors), bool)
        found[actor[first]] = (time[first] >= start) & (time[first] < end)
        return found
    counts = np.bincount(actor[(time >= start) & (time < end)], minlength=len(stretch.actors))
    fulfilled: Flags = counts >= condition.least
    return fulfilled if condition.most is None else fulfilled & (counts <= condition.most)
