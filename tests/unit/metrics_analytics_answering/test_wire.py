"""Messages of reports: each asks the question of the engine, and each result says in its message what it said."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format
from mirante.api.metrics.v1 import quality_report_pb2, report_pb2

from services.metrics.analytics.answering.wire.reports import (
    REPORTS,
    answer_of,
    field_of,
    looks_at_traits,
    question_of,
    table_of,
)
from services.metrics.analytics.reports import running
from services.metrics.analytics.reports.answers import Answer
from services.metrics.analytics.reports.asking import (
    Breakdown,
    Cohort,
    CohortFilter,
    Did,
    Filter,
    HasTrait,
    IsAmong,
    Known,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.cohorts.asking import (
    CohortMembers,
    CohortMembersResult,
    CohortSize,
    CohortSizeResult,
)
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle, LifecycleBucket
from services.metrics.analytics.reports.engagement.stickiness import Stickiness, StickinessResult
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.features.results import FeatureUseResult, FirstUseResult
from services.metrics.analytics.reports.funnels.asking import Entry, Exclusion, Funnel, FunnelPeople
from services.metrics.analytics.reports.funnels.people import FunnelPerson
from services.metrics.analytics.reports.funnels.results import FunnelResult
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.paths.results import PathsResult
from services.metrics.analytics.reports.quality.problems import Problems, ProblemsResult
from services.metrics.analytics.reports.quality.values import TopValues, TopValuesResult
from services.metrics.analytics.reports.quality.vitals import WebVitals, WebVitalsResult
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning
from services.metrics.analytics.reports.retention.results import RetentionResult
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.metrics.analytics.reports.series.results import SeriesResult
from services.metrics.analytics.reports.surveys.nps import Nps, NpsResult
from services.metrics.analytics.reports.tasks.exits import Exits, ExitsResult
from services.metrics.analytics.reports.tasks.task_time import TaskTime, TaskTimeResult
from services.metrics.analytics.store.reading import Watermark
from services.runtime.errors import InvalidRequest
from tests.support.report_results import made_up, read, told

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
END = START + timedelta(days=7)
SCOPE = Scope(start=START, end=END)
_PERIOD = {"start": "2026-03-02T03:00:00Z", "end": "2026-03-09T03:00:00Z"}
_LOGIN = {"event": "login"}
_CONTEXT = "PROPERTY_ORIGIN_CONTEXT"
_DEVICE = Property("device", Origin.CONTEXT)
_BIG = Selection("venda", (Filter(Property("valor"), Operator.MORE, ("100",)),))
_BIG_MESSAGE = {
    "event": "venda",
    "filters": [{"property": {"name": "valor"}, "operator": "FILTER_OPERATOR_MORE", "values": ["100"]}],
}
_FUNNEL = {
    "steps": [_LOGIN, _BIG_MESSAGE],
    "window": "3600s",
    "entry": "FUNNEL_ENTRY_FIRST",
    "exclusions": [{"event": {"event": "logout"}, "after": 1, "before": 2}],
    "breakdown": {"property": {"name": "device", "origin": _CONTEXT}, "limit": 3},
    "unit": "CALENDAR_UNIT_WEEK",
}
_FUNNEL_ASKED = Funnel(
    scope=SCOPE,
    steps=(Selection("login"), _BIG),
    window=timedelta(hours=1),
    entry=Entry.FIRST,
    exclusions=(Exclusion(Selection("logout"), 1, 2),),
    breakdown=Breakdown(_DEVICE, 3),
    unit=Unit.WEEK,
)

_PLAN = Property("plano", Origin.TRAIT)
_BY_PLAN = {"property": {"name": "plano", "origin": "PROPERTY_ORIGIN_TRAIT"}}
_QUESTIONS: list[tuple[str, dict[str, Any], Any]] = [
    ("funnel", _FUNNEL, _FUNNEL_ASKED),
    ("funnel", {"steps": [_LOGIN, _LOGIN]}, Funnel(scope=SCOPE, steps=(Selection("login"),) * 2)),
    (
        "funnel",
        {
            "steps": [_LOGIN, {"event": "b"}],
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
        {"funnel": _FUNNEL, "step": 2, "dropped": True, "limit": 7},
        FunnelPeople(_FUNNEL_ASKED, 2, dropped=True, limit=7),
    ),
    ("retention", {}, Retention(scope=SCOPE)),
    (
        "retention",
        {
            "start": _LOGIN,
            "back": _BIG_MESSAGE,
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
            back=_BIG,
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
        {"start": _LOGIN, "end": _BIG_MESSAGE},
        TaskTime(scope=SCOPE, start=Selection("login"), end=_BIG),
    ),
    ("exits", {}, Exits(scope=SCOPE)),
    ("feature_use", {"declared": ["a", "b"]}, FeatureUse(scope=SCOPE, declared=("a", "b"))),
    (
        "first_use",
        {"features": ["a"], "since": _LOGIN},
        FirstUse(scope=SCOPE, features=("a",), since=Selection("login")),
    ),
    ("series", {}, Series(scope=SCOPE)),
    (
        "series",
        {"selection": _BIG_MESSAGE, "measure": "SERIES_MEASURE_SUM", "property": {"name": "valor"}, "unit": 1},
        Series(scope=SCOPE, selection=_BIG, measure=Measure.SUM, property=Property("valor"), unit=Unit.HOUR),
    ),
    ("stickiness", {"power_from": 3}, Stickiness(scope=SCOPE, power_from=3)),
    ("lifecycle", {"unit": "CALENDAR_UNIT_DAY"}, Lifecycle(scope=SCOPE, unit=Unit.DAY)),
    ("web_vitals", {}, WebVitals(scope=SCOPE)),
    (
        "top_values",
        {"selection": _LOGIN, "properties": [{"name": "tipo"}, {"name": "device", "origin": _CONTEXT}]},
        TopValues(scope=SCOPE, selection=Selection("login"), properties=(Property("tipo"), _DEVICE)),
    ),
    ("problems", {}, Problems(scope=SCOPE)),
    ("nps", {"survey": {"name": "pesquisa"}}, Nps(scope=SCOPE, survey=Property("pesquisa"))),
    ("nps", {"breakdown": _BY_PLAN}, Nps(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    ("exits", {"breakdown": _BY_PLAN}, Exits(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    ("feature_use", {"breakdown": _BY_PLAN}, FeatureUse(scope=SCOPE, breakdown=Breakdown(_PLAN))),
    (
        "task_time",
        {"start": _LOGIN, "end": {"event": "b"}, "breakdown": _BY_PLAN},
        TaskTime(scope=SCOPE, start=Selection("login"), end=Selection("b"), breakdown=Breakdown(_PLAN)),
    ),
    ("paths", {"anchor": _LOGIN}, Paths(scope=SCOPE, anchor=Selection("login"))),
    (
        "paths",
        {
            "anchor": _BIG_MESSAGE,
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
            anchor=_BIG,
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

_RESULTS: dict[str, Any] = {
    "funnel": FunnelResult,
    "funnel_people": tuple[FunnelPerson, ...],
    "retention": RetentionResult,
    "task_time": TaskTimeResult,
    "exits": ExitsResult,
    "feature_use": FeatureUseResult,
    "first_use": FirstUseResult,
    "series": SeriesResult,
    "stickiness": StickinessResult,
    "lifecycle": tuple[LifecycleBucket, ...],
    "web_vitals": WebVitalsResult,
    "top_values": TopValuesResult,
    "problems": ProblemsResult,
    "nps": NpsResult,
    "paths": PathsResult,
    "cohort_size": CohortSizeResult,
    "cohort_members": CohortMembersResult,
}


def _message(name: str, question: dict[str, Any], **scope: Any) -> report_pb2.Question:
    return json_format.ParseDict({"scope": _PERIOD | scope, name: question}, report_pb2.Question())


def test_every_report_has_messages() -> None:
    """A field of its own in questions and in results; a report of the engine that has none could not be asked for."""
    for message in (report_pb2.Question, report_pb2.ReportResult):
        assert {field.name for field in message.DESCRIPTOR.oneofs_by_name["report"].fields} == REPORTS.keys()
    assert len(REPORTS) == len(running.REPORTS)


@pytest.mark.parametrize(("name", "message", "asked"), _QUESTIONS)
def test_a_message_asks_the_question_of_the_engine(name: str, message: dict[str, Any], asked: Any) -> None:
    """Also where a field is left out and means what is usual."""
    found = question_of(_message(name, message))
    assert found == asked
    running.check(found, Known())


def test_a_scope_says_all_that_narrows_it() -> None:
    """Tenant, zone, filters, comparison, and cohorts by what defines them."""
    did = {"selection": _LOGIN, "at_most": 2, "days": 30}
    trait = {"property": {"name": "plano", "origin": "PROPERTY_ORIGIN_TRAIT"}, "values": ["pro"]}
    definition = {
        "match": "COHORT_MATCH_ANY",
        "conditions": [{"did": did}, {"trait": trait}, {"actors": {"actors": ["7", "-3"]}}],
    }
    message = _message(
        "series",
        {},
        tenant="acme",
        time_zone="America/Manaus",
        filters=_BIG_MESSAGE["filters"],
        compare=True,
        cohorts=[{"definition": definition, "outside": True}],
    )
    plan = HasTrait(Filter(Property("plano", Origin.TRAIT), Operator.IS, ("pro",)))
    seldom = Did(selection=Selection("login"), least=0, most=2, days=30)
    assert question_of(message).scope == Scope(
        start=START,
        end=END,
        tenant="acme",
        time_zone="America/Manaus",
        filters=_BIG.filters,
        compare=True,
        cohorts=(CohortFilter(Cohort((seldom, plan, IsAmong((7, -3))), any=True), outside=True),),
    )
    assert looks_at_traits(message)
    assert not looks_at_traits(_message("funnel", _FUNNEL))


@pytest.mark.parametrize("name", _RESULTS)
def test_a_result_says_the_same_in_its_message(name: str) -> None:
    """Absent numbers stay absent, exact ones exact, and every row is in the table too."""
    for seed in range(5):
        chance = random.Random(f"{name} {seed}")
        result, previous = made_up(_RESULTS[name], chance), made_up(_RESULTS[name], chance)
        answer = Answer(result, START, END, "America/Manaus", Watermark(7, 8, at_end=True), previous, START)
        message = report_pb2.Answer.FromString(answer_of(name, answer).SerializeToString())
        assert read(getattr(message.result, name), told(result)) == told(result)
        assert read(getattr(message.previous, name), told(previous)) == told(previous)
        assert (message.watermark.log_entries, message.watermark.at_end) == (7, True)
        assert message.watermark.complete_until.ToMicroseconds() == 8


@pytest.mark.parametrize("name", set(_RESULTS) - {"funnel", "top_values"})
def test_a_table_has_a_cell_for_each_column(name: str) -> None:
    """Whatever the result is; of two periods, each row says which one it is of."""
    for seed in range(5):
        chance = random.Random(f"{name} {seed}")
        result, previous = made_up(_RESULTS[name], chance), made_up(_RESULTS[name], chance)
        answer = Answer(result, START, END, "America/Manaus", Watermark(7, 8, at_end=True), previous, START)
        table = table_of(answer_of(name, answer))
        assert table.columns[0] == "period"
        assert {len(row) for row in table.rows} <= {len(table.columns)}


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (report_pb2.Question(), ["report"]),
        (_message("funnel_people", {"funnel": {}, "step": 1}), ["funnel_people.funnel.steps"]),
        (_message("nps", {}, cohorts=[{"definition": {}}]), ["scope.cohorts[0].definition.conditions"]),
        (_message("cohort_size", {"definition": {}}), ["cohort_size.definition.conditions"]),
        (_message("series", {"unit": 77}), ["series.unit"]),
        (_message("funnel", {"steps": [_LOGIN], "window": "9999999999s"}), ["funnel.window"]),
        (report_pb2.Question(nps=quality_report_pb2.NpsQuestion()), ["scope.start"]),
    ],
)
def test_what_is_wrong_is_named_as_in_the_message(message: report_pb2.Question, fields: list[str]) -> None:
    """Whether the message itself says it, or the engine does of its question."""
    name = message.WhichOneof("report") or ""
    try:
        running.check(question_of(message), Known())
        found: list[str] = []
    except InvalidRequest as error:
        found = [each.field for each in error.violations]
    assert [each if each in fields else field_of(name, each) for each in found] == fields
