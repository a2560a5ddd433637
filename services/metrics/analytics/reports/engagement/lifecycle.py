"""Lifecycle: who is new, comes back, comes back after a while, or stays away. Blocking."""

from dataclasses import dataclass, replace

from services.metrics.analytics.reports.answers import timeline
from services.metrics.analytics.reports.asking import EVERY_EVENT, Known, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.features.by_sql import BEGINNING
from services.metrics.analytics.reports.local_time import Clock, instant, moment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """
    Actors of each unit of the period, by what they did in the one before. The first unit is looked at as a whole.

    Attributes:
        scope: see there.
        selection: events that make somebody active.
        unit: days, weeks or months.
    """

    scope: Scope
    selection: Selection = EVERY_EVENT
    unit: Unit = Unit.WEEK


@dataclass(frozen=True, slots=True)
class LifecycleBucket:
    """
    A unit.

    Attributes:
        label, incomplete: of the bucket.
        new: active, and their first event of all history, of whatever name, is in it.
        returning: active in it and in the one before.
        resurrecting: active in it, not in the one before, and not new.
        dormant: not active in it, but in the one before.
    """

    label: str
    new: int
    returning: int
    resurrecting: int
    dormant: int
    incomplete: bool


def check_lifecycle(asked: Lifecycle, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("selection", asked.selection)
    if asked.unit is Unit.HOUR:
        checks.add("unit", "must be days, weeks or months")
    checks.finish()


def lifecycle(asked: Lifecycle, scope: Scope, engine: Engine, complete_us: int) -> tuple[LifecycleBucket, ...]:
    """Answer the question: a bucket for each unit of the period."""
    buckets = timeline(scope, asked.unit, complete_us)
    narrow = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    # Whole buckets: who was active before the period began was active in its first bucket's past, or in it.
    before = narrow.begin(_previous(narrow, buckets[0].number, asked.unit))
    last = narrow.end(buckets[-1].number, asked.unit)
    wide = replace(scope, start=moment_of(before), end=moment_of(min(last, instant(scope.end))))
    clock = Clock(scope.time_zone, before, last)
    numbers = [_previous(narrow, buckets[0].number, asked.unit), *(bucket.number for bucket in buckets)]
    dialect = engine.dialect
    place = dialect.place(dialect.bucket(dialect.time, asked.unit, clock), numbers)
    history = replace(scope, start=BEGINNING, end=wide.end, filters=())
    first = f"min({dialect.time})"
    rows = engine.query(
        "SELECT place, kind, gone, count(*) FROM (SELECT place, "  # noqa: S608 - values are quoted by the dialect
        "CASE WHEN place = born THEN 1 WHEN earlier = place - 1 THEN 2 ELSE 3 END AS kind, "
        "CASE WHEN later = place + 1 THEN 0 ELSE 1 END AS gone FROM "
        "(SELECT active.place AS place, births.born AS born, "
        "lag(active.place) OVER (PARTITION BY active.actor ORDER BY active.place) AS earlier, "
        "lead(active.place) OVER (PARTITION BY active.actor ORDER BY active.place) AS later FROM "
        f"(SELECT DISTINCT actor, CAST({place} AS {engine.nullable_number}) AS place FROM {engine.events} "
        f"WHERE {engine.somebody} AND {scope_condition(wide, dialect, asked.selection)}) AS active JOIN "
        f"(SELECT actor, CASE WHEN {first} < {before} THEN 0 ELSE "
        f"{dialect.place(dialect.bucket(first, asked.unit, clock), numbers)} END AS born FROM {engine.events} "
        f"WHERE {engine.somebody} AND {scope_condition(history, dialect)} GROUP BY actor) AS births "
        "ON active.actor = births.actor) AS neighbours) AS kinds GROUP BY place, kind, gone"
    )
    counts = [[0, 0, 0, 0] for _ in range(len(numbers) + 2)]
    for at, kind, gone, count in rows:
        counts[int(at)][int(kind) - 1] += int(count)
        if int(gone):
            counts[int(at) + 1][3] += int(count)
    return tuple(
        LifecycleBucket(bucket.label, new, returning, resurrecting, dormant, bucket.incomplete)
        for bucket, (new, returning, resurrecting, dormant) in zip(buckets, counts[2:], strict=False)
    )


def _previous(clock: Clock, bucket: int, unit: Unit) -> int:
    return clock.bucket_of(clock.begin(bucket) - 1, unit)
