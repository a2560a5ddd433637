"""Messages of questions: each asks the question of the engine, and what is wrong with it is named as in the message."""

from typing import Any

import pytest
from google.protobuf import json_format
from mirante.api.metrics.v1 import quality_report_pb2, report_pb2

from services.metrics.analytics.answering.wire.reports import (
    REPORTS,
    field_of,
    looks_at_traits,
    question_of,
)
from services.metrics.analytics.reports import running
from services.metrics.analytics.reports.asking import (
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
)
from services.runtime.errors import InvalidRequest
from tests.support.report_questions import BIG, BIG_MESSAGE, END, FUNNEL, LOGIN, PERIOD, QUESTIONS, START


def _message(name: str, question: dict[str, Any], **scope: Any) -> report_pb2.Question:
    return json_format.ParseDict({"scope": PERIOD | scope, name: question}, report_pb2.Question())


def test_every_report_has_messages() -> None:
    """A field of its own in questions and in results; a report of the engine that has none could not be asked for."""
    for message in (report_pb2.Question, report_pb2.ReportResult):
        assert {field.name for field in message.DESCRIPTOR.oneofs_by_name["report"].fields} == REPORTS.keys()
    assert len(REPORTS) == len(running.REPORTS)


@pytest.mark.parametrize(("name", "message", "asked"), QUESTIONS)
def test_a_message_asks_the_question_of_the_engine(name: str, message: dict[str, Any], asked: Any) -> None:
    """Also where a field is left out and means what is usual."""
    found = question_of(_message(name, message))
    assert found == asked
    running.check(found, Known())


def test_a_scope_says_all_that_narrows_it() -> None:
    """Tenant, zone, filters, comparison, and cohorts by what defines them."""
    did = {"selection": LOGIN, "at_most": 2, "days": 30}
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
        filters=BIG_MESSAGE["filters"],
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
        filters=BIG.filters,
        compare=True,
        cohorts=(CohortFilter(Cohort((seldom, plan, IsAmong((7, -3))), any=True), outside=True),),
    )
    assert looks_at_traits(message)
    assert not looks_at_traits(_message("funnel", FUNNEL))


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (report_pb2.Question(), ["report"]),
        (_message("funnel_people", {"funnel": {}, "step": 1}), ["funnel_people.funnel.steps"]),
        (_message("nps", {}, cohorts=[{"definition": {}}]), ["scope.cohorts[0].definition.conditions"]),
        (_message("cohort_size", {"definition": {}}), ["cohort_size.definition.conditions"]),
        (_message("series", {"unit": 77}), ["series.unit"]),
        (_message("funnel", {"steps": [LOGIN], "window": "9999999999s"}), ["funnel.window"]),
        (report_pb2.Question(nps=quality_report_pb2.NpsQuestion()), ["scope.start"]),
        (_message("series", {}, tenant="a\x00b"), ["scope.tenant"]),
        (_message("series", {}, tenant="a" * 101), ["scope.tenant"]),
        (_message("series", {"selection": {"event": "a\x00b"}}), ["series.selection.event"]),
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
