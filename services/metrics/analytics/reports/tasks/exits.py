"""Where sessions end: how often each screen is the last one. Blocking."""

from dataclasses import dataclass, replace
from typing import Final

from services.metrics.analytics.reports.answers import Group, share
from services.metrics.analytics.reports.asking import Breakdown, Known, Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.grouping import grouping_of

MOST_SCREENS: Final = 200

_VIEW: Final = Selection("pagina_vista")
_SCREEN: Final = Property("caminho")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """
    How often sessions end on a screen. Sessions are those that clients name; views outside of any are counted apart.

    Attributes:
        scope: see there. Of a session only the views in it count.
        view: the event of seeing a screen.
        screen: which one.
        limit: of screens; those seen in most sessions are answered.
        breakdown: by a property of views. Each group is answered as if there were no views but its own.
    """

    scope: Scope
    view: Selection = _VIEW
    screen: Property = _SCREEN
    limit: int = 50
    breakdown: Breakdown | None = None


@dataclass(frozen=True, slots=True)
class ScreenExits:
    """
    A screen.

    Attributes:
        screen: its value.
        sessions: in which it was seen.
        ended: of those, in which it was the last one seen.
        abandonment: their share.
    """

    screen: str
    sessions: int
    ended: int
    abandonment: float | None


@dataclass(frozen=True, slots=True)
class ExitsGroup:
    """Screens of a group by sessions, how many there are, and the sessions."""

    group: Group
    screens: tuple[ScreenExits, ...]
    count: int
    sessions: int


@dataclass(frozen=True, slots=True)
class ExitsResult:
    """
    Where sessions end.

    Attributes:
        screens: by sessions; equal ones by name.
        count: how many screens there are.
        sessions: how many there are.
        without_session: views that no session names.
        groups: of the breakdown, those with most views first, the others last; without those that no session names.
        values: how many different values the breakdown has; None without a breakdown.
    """

    screens: tuple[ScreenExits, ...]
    count: int
    sessions: int
    without_session: int
    groups: tuple[ExitsGroup, ...] = ()
    values: int | None = None


def check_exits(asked: Exits, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("view", asked.view)
    checks.property("screen", asked.screen)
    checks.number("limit", asked.limit, 1, MOST_SCREENS)
    checks.breakdown(asked.breakdown)
    checks.finish()


def exits(asked: Exits, scope: Scope, engine: Engine, _complete_us: int) -> ExitsResult:
    """Answer the question."""
    dialect = engine.dialect
    where = scope_condition(scope, dialect, asked.view)
    grouping = grouping_of(asked.breakdown, scope, asked.view, engine)
    views = (
        f"SELECT tenant, session, time, position, {dialect.text(asked.screen)} AS screen, "  # noqa: S608 - values are quoted by the dialect
        f"{grouping.number} AS number FROM {engine.events} WHERE {where}"
    )
    nothing = ExitsGroup(Group(None), (), 0, 0)
    whole = _groups(asked, views, "number * 0", engine).get(0, nothing)
    [[without]] = engine.query(
        f"SELECT {dialect.true('session IS NULL AND screen IS NOT NULL')} FROM ({views}) AS views"  # noqa: S608 - as above
    )
    groups: dict[int, ExitsGroup] = {}
    if grouping.groups:
        groups = _groups(asked, views, "number", engine)
    return ExitsResult(
        whole.screens,
        whole.count,
        whole.sessions,
        int(without),
        tuple(replace(group, group=grouping.groups[number]) for number, group in sorted(groups.items())),
        grouping.values,
    )


def _groups(asked: Exits, views: str, number: str, engine: Engine) -> dict[int, ExitsGroup]:
    """Return what there is to say of sessions by numbers of groups, each as if there were no other views."""
    dialect = engine.dialect
    inside = (
        f"SELECT tenant, session, screen, time, position, {number} AS part FROM ({views}) AS views "  # noqa: S608 - as above
        "WHERE session IS NOT NULL AND screen IS NOT NULL"
    )
    sessions = {
        int(part): int(count)
        for part, count in engine.query(
            f"SELECT part, count(DISTINCT (tenant, session)) FROM ({inside}) AS inside GROUP BY part"  # noqa: S608 - as above
        )
    }
    counted = (
        "SELECT seen.part AS part, seen.screen AS screen, count(*) AS sessions, "  # noqa: S608 - as above
        f"{dialect.true('seen.screen = ends.last')} AS ended FROM "
        f"(SELECT DISTINCT part, tenant, session, screen FROM ({inside}) AS inside) AS seen JOIN "
        f"(SELECT part, tenant, session, {dialect.latest('screen', '(time, position)')} AS last "
        f"FROM ({inside}) AS inside GROUP BY part, tenant, session) AS ends "
        "ON seen.part = ends.part AND seen.tenant = ends.tenant AND seen.session = ends.session "
        "GROUP BY seen.part, seen.screen"
    )
    rows = engine.query(
        "SELECT part, screen, sessions, ended, count FROM (SELECT *, count(*) OVER (PARTITION BY part) AS count, "  # noqa: S608 - as above
        f"row_number() OVER (PARTITION BY part ORDER BY sessions DESC, screen) AS place FROM ({counted}) AS counted"
        f") AS placed WHERE place <= {asked.limit} ORDER BY part, place"
    )
    groups = {part: ExitsGroup(Group(None), (), 0, count) for part, count in sessions.items()}
    for part, screen, seen, ended, count in rows:
        group = groups[int(part)]
        found = ScreenExits(screen, int(seen), int(ended), share(int(ended), int(seen)))
        groups[int(part)] = replace(group, screens=(*group.screens, found), count=int(count))
    return groups
