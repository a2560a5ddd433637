"""What the cohorts and the traits of a scope leave of a report's events. Blocking."""

from dataclasses import replace
from typing import Any

from services.metrics.analytics.reports.asking import HasTrait, Origin, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.cohorts.by_sql import holders_condition, members_query
from services.metrics.analytics.reports.cohorts.on_store import holders_on_store, members_on_store
from services.metrics.analytics.reports.narrowing import Narrowed, narrowed_clickhouse, traits_in
from services.metrics.analytics.reports.people import People, all_of
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.store.engine import Limits


def on_store(question: Any, scope: Scope, source: Source, limits: Limits) -> tuple[Scope, Source]:
    """
    Return a scope without conditions on actors, and the events that those leave.

    Args:
        question: whose other conditions may look at traits.
        scope: its own.
        source: a snapshot.
        limits: of memory and threads.
    """
    some = [holders_on_store(each.filter, scope.tenant, source) for each in _traits_of(scope)]
    some += [
        People(members_on_store(each.cohort, scope, source, limits), outside=each.outside) for each in scope.cohorts
    ]
    traits = traits_in(question)
    if not some and not traits:
        return scope, source
    return _plain(scope), Narrowed(source, traits, all_of(some) if some else None)


def on_clickhouse(question: Any, scope: Scope, engine: ClickHouse) -> tuple[Scope, ClickHouse]:
    """Return the same of ClickHouse."""
    some = [holders_condition(each, scope, engine) for each in _traits_of(scope)]
    some += [
        f"actor {'NOT ' if each.outside else ''}IN ({members_query(each.cohort, scope, engine)})"
        for each in scope.cohorts
    ]
    people = " AND ".join(some) if some else None
    return _plain(scope), narrowed_clickhouse(engine, traits_in(question), people)


def _traits_of(scope: Scope) -> list[HasTrait]:
    return [HasTrait(each) for each in scope.filters if each.property.origin is Origin.TRAIT]


def _plain(scope: Scope) -> Scope:
    filters = tuple(each for each in scope.filters if each.property.origin is not Origin.TRAIT)
    return replace(scope, filters=filters, cohorts=())
