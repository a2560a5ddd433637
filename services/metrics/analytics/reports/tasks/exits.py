"""Where sessions end: how often each screen is the last one. Blocking."""

from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.reports.answers import share
from services.metrics.analytics.reports.asking import Known, Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine

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
    """

    scope: Scope
    view: Selection = _VIEW
    screen: Property = _SCREEN
    limit: int = 50


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
class ExitsResult:
    """Screens by sessions, how many there are, the sessions, and views that no session names."""

    screens: tuple[ScreenExits, ...]
    count: int
    sessions: int
    without_session: int


def check_exits(asked: Exits, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("view", asked.view)
    checks.property("screen", asked.screen)
    checks.number("limit", asked.limit, 1, MOST_SCREENS)
    checks.finish()


def exits(asked: Exits, scope: Scope, engine: Engine, _complete_us: int) -> ExitsResult:
    """Answer the question."""
    dialect = engine.dialect
    where = scope_condition(scope, dialect, asked.view)
    views = (
        f"SELECT tenant, session, time, position, {dialect.text(asked.screen)} AS screen FROM {engine.events} "  # noqa: S608 - values are quoted by the dialect
        f"WHERE {where}"
    )
    inside = f"SELECT * FROM ({views}) AS views WHERE session IS NOT NULL AND screen IS NOT NULL"  # noqa: S608 - as above
    rows = engine.query(
        "SELECT seen.screen AS screen, count(*) AS sessions, "  # noqa: S608 - as above
        f"{dialect.true('seen.screen = ends.last')} AS ended, count(*) OVER () FROM "
        f"(SELECT DISTINCT tenant, session, screen FROM ({inside}) AS inside) AS seen JOIN "
        f"(SELECT tenant, session, {dialect.latest('screen', '(time, position)')} AS last FROM ({inside}) AS inside "
        "GROUP BY tenant, session) AS ends ON seen.tenant = ends.tenant AND seen.session = ends.session "
        f"GROUP BY seen.screen ORDER BY sessions DESC, screen LIMIT {asked.limit}"
    )
    [[sessions, without]] = engine.query(
        "SELECT count(DISTINCT CASE WHEN session IS NOT NULL AND screen IS NOT NULL THEN (tenant, session) END), "  # noqa: S608 - as above
        f"{dialect.true('session IS NULL AND screen IS NOT NULL')} FROM ({views}) AS views"
    )
    return ExitsResult(
        tuple(
            ScreenExits(screen, int(seen), int(ended), share(int(ended), int(seen))) for screen, seen, ended, _ in rows
        ),
        int(rows[0][3]) if rows else 0,
        int(sessions),
        int(without),
    )
