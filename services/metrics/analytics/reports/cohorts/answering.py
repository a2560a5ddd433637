"""The size of cohorts, and who is in them. Blocking."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.answers import share
from services.metrics.analytics.reports.asking import EVERY_EVENT, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.cohorts.asking import (
    CohortMember,
    CohortMembers,
    CohortMembersResult,
    CohortSize,
    CohortSizeResult,
)
from services.metrics.analytics.reports.cohorts.by_sql import members_query
from services.metrics.analytics.reports.cohorts.on_store import members_on_store
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine, clickhouse_engine, store_engine
from services.metrics.analytics.reports.local_time import instant, moment_of
from services.metrics.analytics.reports.people import People
from services.metrics.analytics.reports.reading import Source, Stretch, computed
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


def size_on_store(asked: CohortSize, scope: Scope, source: Source, limits: Limits) -> CohortSizeResult:
    """Return the size of a cohort."""
    members = members_on_store(asked.cohort, scope, source, limits)
    wanted = reading.Events((EVERY_EVENT,), instant(scope.start), instant(scope.end), scope.tenant, scope.filters)
    counts = [*computed(source, wanted, limits, partial(_active, People(members)))]
    active, all_active = (sum(each[at] for each in counts) for at in (0, 1))
    return CohortSizeResult(len(members), active, all_active, share(active, all_active))


def size_on_clickhouse(
    asked: CohortSize, scope: Scope, clickhouse: ClickHouse, _watermark: Watermark
) -> CohortSizeResult:
    """Return the size of a cohort."""
    engine, query = clickhouse_engine(clickhouse), members_query(asked.cohort, scope, clickhouse)
    [[members]] = engine.query(f"SELECT count() FROM ({query})")  # noqa: S608 - values are quoted
    [[active, all_active]] = engine.query(
        f"SELECT count(DISTINCT CASE WHEN actor IN ({query}) THEN actor END), count(DISTINCT actor) "  # noqa: S608 - as above
        f"FROM {engine.events} WHERE {engine.somebody} AND {scope_condition(scope, engine.dialect)}"
    )
    return CohortSizeResult(int(members), int(active), int(all_active), share(int(active), int(all_active)))


def members_of_store(asked: CohortMembers, scope: Scope, source: Source, limits: Limits) -> CohortMembersResult:
    """Return a page of members."""
    members = members_on_store(asked.cohort, scope, source, limits)
    first = int(np.searchsorted(members, asked.after, "right"))
    page = members[first : first + asked.limit].tolist()
    with store_engine(source, scope.tenant, limits) as engine:
        return _page(page, len(members), first + len(page) < len(members), engine)


def members_of_clickhouse(
    asked: CohortMembers, scope: Scope, clickhouse: ClickHouse, _watermark: Watermark
) -> CohortMembersResult:
    """Return a page of members."""
    engine, query = clickhouse_engine(clickhouse), members_query(asked.cohort, scope, clickhouse)
    [[members]] = engine.query(f"SELECT count() FROM ({query})")  # noqa: S608 - values are quoted
    rows = engine.query(
        f"SELECT actor FROM ({query}) WHERE actor > {asked.after} ORDER BY actor LIMIT {asked.limit + 1}"  # noqa: S608 - as above
    )
    page = [int(actor) for [actor] in rows[: asked.limit]]
    return _page(page, int(members), len(rows) > asked.limit, engine)


def _active(people: People, stretch: Stretch) -> tuple[int, int]:
    there = np.bincount(stretch.actor, minlength=len(stretch.actors)) > 0
    return int(np.count_nonzero(there & people.among(stretch.actors))), int(np.count_nonzero(there))


def _page(page: Sequence[int], count: int, more: bool, engine: Engine) -> CohortMembersResult:
    rows: Sequence[Sequence[Any]] = ()
    if page:
        t, named = engine.dialect.time, engine.dialect.latest("coalesce(user_id, '')", "(user_id IS NOT NULL, time)")
        rows = engine.query(
            f"SELECT actor, min(tenant), {named}, min({t}), max({t}) FROM {engine.events} "  # noqa: S608 - numbers
            f"WHERE actor IN ({', '.join(map(str, page))}) GROUP BY actor ORDER BY actor"
        )
    return CohortMembersResult(
        tuple(
            CohortMember(int(actor), tenant, user_id or None, moment_of(int(first)), moment_of(int(last)))
            for actor, tenant, user_id, first, last in rows
        ),
        count,
        page[-1] if more and page else None,
    )
