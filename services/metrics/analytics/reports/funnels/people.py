"""Who is in a funnel: those who reached a step, or went no further. Blocking."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.funnels.asking import FunnelPeople
from services.metrics.analytics.reports.funnels.on_clickhouse import levels_query
from services.metrics.analytics.reports.funnels.on_store import reached_levels
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark


@dataclass(frozen=True, slots=True)
class FunnelPerson:
    """
    Somebody in a funnel.

    Attributes:
        actor: their number in the store.
        tenant: whose user it is.
        user_id: the one of their latest event that names one; None when none does.
        level: the step they reached, counted from 1.
        reached: when.
    """

    actor: int
    tenant: str
    user_id: str | None
    level: int
    reached: datetime


def people_on_store(asked: FunnelPeople, scope: Scope, source: Source, limits: Limits) -> tuple[FunnelPerson, ...]:
    """Return the people from the store."""
    found: list[tuple[int, int, int]] = []
    for reached in reached_levels(asked.funnel, scope, source, limits):
        wanted = reached.level == asked.step if asked.dropped else reached.level >= asked.step
        some = zip(
            (-reached.reach[wanted]).tolist(),
            reached.actor[wanted].tolist(),
            reached.level[wanted].tolist(),
            strict=True,
        )
        found = heapq.nsmallest(asked.limit, (*found, *some))
    if not found:
        return ()
    actors = ", ".join(str(actor) for _, actor, _ in found)
    connection = source.connect(scope.tenant, limits)
    try:
        rows = connection.execute(
            "SELECT actor, min(tenant), max((time, user_id)) FILTER (user_id IS NOT NULL) "  # noqa: S608 - numbers
            f"FROM events WHERE actor IN ({actors}) GROUP BY actor"
        ).fetchall()
    finally:
        connection.close()
    names = {actor: (tenant, None if latest is None else latest[1]) for actor, tenant, latest in rows}
    return tuple(FunnelPerson(actor, *names[actor], level, moment_of(-reach)) for reach, actor, level in found)


def people_on_clickhouse(
    asked: FunnelPeople, scope: Scope, engine: ClickHouse, _watermark: Watermark
) -> tuple[FunnelPerson, ...]:
    """Return the people from ClickHouse."""
    levels = levels_query(asked.funnel, scope, engine)
    sign = "=" if asked.dropped else ">="
    found = engine.query(
        f"SELECT actor, level, reach FROM ({levels}) WHERE level {sign} {asked.step} "  # noqa: S608 - values are quoted
        f"ORDER BY reach DESC, actor LIMIT {asked.limit}"
    )
    if not found:
        return ()
    actors = ", ".join(str(actor) for actor, _, _ in found)
    rows = engine.query(
        "SELECT actor, min(tenant), argMaxIf(user_id, (time, user_id), isNotNull(user_id)) "  # noqa: S608 - numbers
        f"FROM {engine.events} WHERE actor IN ({actors}) GROUP BY actor"
    )
    names = {int(actor): (tenant, user) for actor, tenant, user in rows}
    return tuple(
        FunnelPerson(int(actor), *names[int(actor)], int(level), moment_of(int(reach))) for actor, level, reach in found
    )
