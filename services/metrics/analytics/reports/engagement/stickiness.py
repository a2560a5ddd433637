"""Stickiness: on how many days (or weeks, or months) actors are active. Blocking."""

from dataclasses import dataclass
from itertools import accumulate

from services.metrics.analytics.reports.answers import share, timeline
from services.metrics.analytics.reports.asking import EVERY_EVENT, Known, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.local_time import DAY, Clock, instant, moment_of

MONTH_DAYS = 30
"""Of the actors that those of a day are compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stickiness:
    """
    On how many units of the period actors have such events.

    Attributes:
        scope: see there.
        selection: which events.
        unit: days, weeks or months.
        power_from: who is active in so many of them is a power user, everybody else a casual one; 0: half of them.
    """

    scope: Scope
    selection: Selection = EVERY_EVENT
    unit: Unit = Unit.DAY
    power_from: int = 0


@dataclass(frozen=True, slots=True)
class ActiveIn:
    """Actors who were active in exactly so many units, those in so many or more, and the events of the former."""

    units: int
    actors: int
    or_more: int
    events: int


@dataclass(frozen=True, slots=True)
class UserClass:
    """Actors of a class, their events, and their shares of all."""

    actors: int
    events: int
    actor_share: float | None
    event_share: float | None


@dataclass(frozen=True, slots=True)
class StickinessResult:
    """
    How sticky it is.

    Attributes:
        distribution: from 1 unit to all of the period.
        power_from: the units from which on somebody is a power user.
        power, casual: see `Stickiness`.
        day_to_month: the mean over the days of the period: actors of a day by those of the 30 days that end with
            it; days without any of the latter are left out. None without days.
    """

    distribution: tuple[ActiveIn, ...]
    power_from: int
    power: UserClass
    casual: UserClass
    day_to_month: float | None


def check_stickiness(asked: Stickiness, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("selection", asked.selection)
    if asked.unit is Unit.HOUR:
        checks.add("unit", "must be days, weeks or months")
    checks.number("power_from", asked.power_from, 0, 1_100)
    checks.finish()


def stickiness(asked: Stickiness, scope: Scope, engine: Engine, complete_us: int) -> StickinessResult:
    """Answer the question."""
    dialect = engine.dialect
    units = len(timeline(scope, asked.unit, complete_us))
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    bucket = dialect.bucket(dialect.time, asked.unit, clock)
    rows = engine.query(
        "SELECT units, count(*), sum(events) FROM "  # noqa: S608 - values are quoted by the dialect
        f"(SELECT actor, count(DISTINCT {bucket}) AS units, count(*) AS events FROM {engine.events} "
        f"WHERE {engine.somebody} AND {scope_condition(scope, dialect, asked.selection)} GROUP BY actor) AS by_actor "
        "GROUP BY units"
    )
    found = {int(number): (int(actors), int(events)) for number, actors, events in rows}
    by_units = [found.get(number, (0, 0)) for number in range(1, units + 1)]
    or_more = [*accumulate(actors for actors, _ in reversed(by_units))][::-1]
    power_from = asked.power_from or (units + 1) // 2
    return StickinessResult(
        tuple(
            ActiveIn(number, actors, more, events)
            for number, ((actors, events), more) in enumerate(zip(by_units, or_more, strict=True), start=1)
        ),
        power_from,
        _class(by_units, by_units[power_from - 1 :]),
        _class(by_units, by_units[: power_from - 1]),
        _day_to_month(asked, scope, engine),
    )


def _class(everybody: list[tuple[int, int]], some: list[tuple[int, int]]) -> UserClass:
    actors, events = sum(each[0] for each in some), sum(each[1] for each in some)
    return UserClass(
        actors,
        events,
        share(actors, sum(each[0] for each in everybody)),
        share(events, sum(each[1] for each in everybody)),
    )


def _day_to_month(asked: Stickiness, scope: Scope, engine: Engine) -> float | None:
    dialect = engine.dialect
    earlier = moment_of(instant(scope.start) - (MONTH_DAYS + 1) * DAY)
    clock = Clock(scope.time_zone, instant(earlier), instant(scope.end))
    first, last = (clock.bucket_of(at, Unit.DAY) for at in (instant(scope.start), instant(scope.end) - 1))
    since = moment_of(clock.begin(first - MONTH_DAYS + 1))
    wide = Scope(start=since, end=scope.end, tenant=scope.tenant, time_zone=scope.time_zone, filters=scope.filters)
    day = f"CAST({dialect.bucket(dialect.time, Unit.DAY, clock)} AS {engine.nullable_number})"
    # Each active day of an actor makes them one of the month's actors until 30 days after, or until their next one.
    rows = engine.query(
        f"SELECT day, coalesce(next - day, {MONTH_DAYS}) AS gap, count(*) FROM "  # noqa: S608 - as above
        "(SELECT actor, day, lead(day) OVER (PARTITION BY actor ORDER BY day) AS next FROM "
        f"(SELECT DISTINCT actor, {day} AS day "
        f"FROM {engine.events} WHERE {engine.somebody} AND {scope_condition(wide, dialect, asked.selection)}) AS days"
        ") AS following GROUP BY day, gap"
    )
    change: dict[int, int] = {}
    actors: dict[int, int] = {}
    for number, gap, count in rows:
        actors[int(number)] = actors.get(int(number), 0) + int(count)
        change[int(number)] = change.get(int(number), 0) + int(count)
        end = int(number) + min(int(gap), MONTH_DAYS)
        change[end] = change.get(end, 0) - int(count)
    shares, in_month = [], sum(count for at, count in change.items() if at < first)
    for at in range(first, last + 1):
        in_month += change.get(at, 0)
        if in_month:
            shares.append(actors.get(at, 0) / in_month)
    return sum(shares) / len(shares) if shares else None
