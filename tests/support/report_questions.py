"""Questions as messages, and what they are to the engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.metrics.analytics.reports.asking import (
    Breakdown,
    Cohort,
    Filter,
    IsAmong,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.cohorts.asking import (
    CohortMembers,
    CohortSize,
)
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle
from services.metrics.analytics.reports.engagement.stickiness import Stickiness
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.funnels.asking import Entry, Exclusion, Funnel, FunnelPeople
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.quality.problems import Problems
from services.metrics.analytics.reports.quality.values import TopValues
from services.metrics.analytics.reports.quality.vitals import WebVitals
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.metrics.analytics.reports.surveys.nps import Nps
from services.metrics.analytics.reports.tasks.exits import Exits
from services.metrics.analytics.reports.tasks.task_time import TaskTime

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
END = START + timedelta(days=7)
SCOPE = Scope(start=START, end=END)
PERIOD = {"start": "2026-03-02T03:00:00Z", "end": "2026-03-09T03:00:00Z"}
LOGIN = {"event": "login"}
_CONTEXT = "PROPERTY_ORIGIN_CONTEXT"
_DEVICE = Property("device", Origin.CONTEXT)
BIG = Selection("venda", (Filter(Property("valor"), Operator.MORE, ("100",)),))
BIG_MESSAGE = {
    "event": "venda",
    "filters": [{"property": {"name": "valor"}, "operator": "FILTER_OPERATOR_MORE", "values": ["100"]}],
}
FUNNEL = {
    "steps": [LOGIN, BIG_MESSAGE],
    "window": "3600s",
    "entry": "FUNNEL_ENTRY_FIRST",
    "exclusions": [{"event": {"event": "logout"}, "after": 1, "before": 2}],
    "breakdown": {"property": {"name": "device", "origin": _CONTEXT}, "limit": 3},
    "unit": "CALENDAR_UNIT_WEEK",
}
FUNNEL_ASKED = Funnel(
    scope=SCOPE,
    steps=(Selection("login"), BIG),
    window=timedelta(hours=1),
    entry=Entry.FIRST,
    exclusions=(Exclusion(Selection("logout"), 1, 2),),
    breakdown=Breakdown(_DEVICE, 3),
    unit=Unit.WEEK,
)

_PLAN = Property("plano", Origin.TRAIT)
_BY_PLAN = {"property": {"name": "plano", "origin": "PROPERTY_ORIGIN_TRAIT"}}
QUESTIONS: list[tuple[str, dict[str, Any], Any]] = [
    ("funnel", FUNNEL, FUNNEL_ASKED),
    ("funnel", {"steps": [LOGIN, LOGIN]}, Funnel(scope=SCOPE, steps=(Selection("login"),) * 2)),
    (
        "funnel",
        {
            "steps": [LOGIN, {"event": "b"}],
            "strict_order": True,
            "strict_deduplication": True,
            "strict_increase": True,
        },
        Funnel(
            scope=SCOPE,
            steps=(Selection("login"), Selection("b")),
            strict_order=True,
            strict_deduplication=True,
            strict_increase=True,
        ),
    ),
    (
        "funnel_people",
        {"funnel": FUNNEL, "step": 2, "dropped": True, "limit": 7},
        FunnelPeople(FUNNEL_ASKED, 2, dropped=True, limit=7),
    ),
    ("retention", {}, Retention(scope=SCOPE)),
    (
        "retention",
        {
            "start": LOGIN,
            "back": BIG_MESSAGE,
            "cohort": "RETENTION_COHORT_KIND_FIRST_EVER",
            "returning": "RETENTION_RETURN_ROLLING",
            "unit": "CALENDAR_UNIT_WEEK",
            "offsets": 4,
            "include_start": True,
            "breakdown": {"property": {"name": "plano"}},
        },
        Retention(
            scope=SCOPE,
            start=Selection("login"),
            back=BIG,
            cohort=CohortKind.FIRST_EVER,
            returning=Returning.ROLLING,
            unit=Unit.WEEK,
            offsets=4,
            include_start=True,
            breakdown=Breakdown(Property("plano"), 10),
        ),
    ),
    (
        "task_time",
        {"start": LOGIN, "end": BIG_MESSAGE},
        TaskTime(scope=SCOPE, start=Selection("login"), end=BIG),
    ),
    ("exits", {}, Exits(scope=SCOPE)),
    ("feature_use", {"declared": ["a", "b"]}, FeatureUse(scope=SCOPE, declared=("a", "b"))),
    (
        "first_use",
        {"features": ["a"], "since": LOGIN},
        FirstUse(scope=SCOPE, features=("a",), since=Selection("login")),
    ),
    ("series", {}, Series(scope=SCOPE)),
    (
        "series",
        {"selection": BIG_MESSAGE, "measure": "SERIES_MEASURE_SUM", "property": {"name": "valor"}, "unit": 1},
        Series(scope=SCOPE, selection=BIG, measure=Measure.SUM, property=Property("valor"), unit=Unit.HOUR),
    ),
    ("stickiness", {"power_from": 3}, Stickiness(scope=SCOPE, power_from=3)),
    ("lifecycle", {"unit": "CALENDAR_UNIT_DAY"}, Lifecycle(scope=SCOPE, unit=Unit.DAY)),
    ("web_vitals", {}, WebVitals(scope=SCOPE)),
    (
        "top_values",
        {"selection": LOGIN, "properties": [{"name": "tipo"}, {"name": "device", "origin": _CONTEXT}]},
        TopValues(scope=SCOPE, selection=Selection("login"), properties=(Property("tipo"), _DEVICE)),
    ),
    ("problems", {}, Problems(scope=SCOPE)),
    ("nps", {"survey": {"name": "pesquisa"}}, Nps(scope=SCOPE, survey=Property("pesquisa"))),
    ("nps", {"breakdown": _BY_PLAN}, Nps(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    ("exits", {"breakdown": _BY_PLAN}, Exits(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    ("feature_use", {"breakdown": _BY_PLAN}, FeatureUse(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    (
        "task_time",
        {"start": LOGIN, "end": {"event": "b"}, "breakdown": _BY_PLAN},
        TaskTime(scope=SCOPE, start=Selection("login"), end=Selection("b"), breakdown=Breakdown(_PLAN)),
    ),
    ("paths", {"anchor": LOGIN}, Paths(scope=SCOPE, anchor=Selection("login"))),
    (
        "paths",
        {
            "anchor": BIG_MESSAGE,
            "direction": "PATH_DIRECTION_BEFORE",
            "counted": "PATH_COUNTED_OCCURRENCES",
            "depth": 5,
            "limit": 4,
            "gap": "60s",
            "collapse": True,
            "excluded": ["batimento"],
        },
        Paths(
            scope=SCOPE,
            anchor=BIG,
            direction=Direction.BEFORE,
            counted=Counted.OCCURRENCES,
            depth=5,
            limit=4,
            gap=timedelta(minutes=1),
            collapse=True,
            excluded=("batimento",),
        ),
    ),
    (
        "cohort_size",
        {"definition": {"conditions": [{"actors": {"actors": ["7"]}}]}},
        CohortSize(scope=SCOPE, cohort=Cohort((IsAmong((7,)),))),
    ),
    (
        "cohort_members",
        {"definition": {"conditions": [{"actors": {"actors": ["7"]}}]}, "limit": 5, "after": "9"},
        CohortMembers(scope=SCOPE, cohort=Cohort((IsAmong((7,)),)), limit=5, after=9),
    ),
]
