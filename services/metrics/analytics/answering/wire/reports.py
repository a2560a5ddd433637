"""All reports by the names of their fields in `Question` and `ReportResult`; questions and answers as a whole. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import Message
from mirante.api.metrics.v1 import report_pb2
from mirante.api.metrics.v1.event_selection_pb2 import PROPERTY_ORIGIN_TRAIT, EventProperty
from mirante.evaluation.model import Violation

from services.metrics.analytics.answering.wire import (
    cohort_reports,
    engagement,
    features,
    funnels,
    impact,
    paths,
    quality,
    retention,
    series,
    surveys,
    tasks,
)
from services.metrics.analytics.answering.wire.filling import filled
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.scopes import scope_of
from services.metrics.analytics.answering.wire.tables import Table, joined
from services.metrics.analytics.reports.answers import Answer
from services.metrics.analytics.reports.running import Question
from services.metrics.analytics.store.reading import Watermark
from services.runtime.errors import InvalidRequest

REPORTS: Final[Mapping[str, WireReport]] = {
    **cohort_reports.REPORTS,
    **engagement.REPORTS,
    **features.REPORTS,
    **funnels.REPORTS,
    **impact.REPORTS,
    **paths.REPORTS,
    **quality.REPORTS,
    **retention.REPORTS,
    **series.REPORTS,
    **surveys.REPORTS,
    **tasks.REPORTS,
}

_COHORT: Final = re.compile(r"^scope\.cohorts\[\d+\](?=\.conditions)")


def report_of(message: report_pb2.Question | report_pb2.ReportResult) -> str:
    """Return the name of the report that is asked for or answered; empty when there is none."""
    return message.WhichOneof("report") or ""


def question_of(message: report_pb2.Question) -> Question:
    """
    Return what is asked. Its scope has start and end, and definitions of its cohorts.

    Raises:
        InvalidRequest: with fields of the message.
    """
    name = report_of(message)
    if not name:
        raise InvalidRequest.of("report", f"is required: one of {', '.join(sorted(REPORTS))}")
    scope = scope_of(message.scope)
    try:
        return REPORTS[name].question(getattr(message, name), scope)
    except InvalidRequest as error:
        raise InvalidRequest(
            [Violation(field_of(name, each.field), each.description) for each in error.violations]
        ) from None


def field_of(name: str, field: str) -> str:
    """Return where a `Question` has a field of the engine's question, for errors."""
    if field.startswith("scope."):
        return _COHORT.sub(r"\g<0>.definition", field)
    return f"{name}.{REPORTS[name].field(field)}"


def looks_at_traits(message: Message) -> bool:
    """Return whether any property in a question is a trait."""
    if isinstance(message, EventProperty):
        return bool(message.origin == PROPERTY_ORIGIN_TRAIT)
    return any(
        looks_at_traits(each)
        for field, value in message.ListFields()
        if field.message_type is not None
        for each in (value if field.is_repeated else (value,))
    )


def answer_of(name: str, answer: Answer[Any]) -> report_pb2.Answer:
    """Return an answer as its message, without its limits."""
    message = report_pb2.Answer(time_zone=answer.time_zone)
    message.start.FromDatetime(answer.start)
    message.end.FromDatetime(answer.end)
    _fill_watermark(message, answer.watermark)
    filled_result(message.result, name, answer.result)
    if answer.previous_start is not None:
        message.previous_start.FromDatetime(answer.previous_start)
        filled_result(message.previous, name, answer.previous)
    return message


def filled_result(message: report_pb2.ReportResult, name: str, result: Any) -> None:
    """Fill the field of a report in a message."""
    part = getattr(message, name)
    part.SetInParent()
    filled(part, result)


def table_of(answer: report_pb2.Answer) -> Table:
    """Return an answer as a table."""
    name = report_of(answer.result)
    table = REPORTS[name].table
    previous = table(getattr(answer.previous, name)) if answer.HasField("previous") else None
    return joined(table(getattr(answer.result, name)), previous)


def _fill_watermark(message: report_pb2.Answer, watermark: Watermark) -> None:
    message.watermark.log_entries = watermark.position
    message.watermark.at_end = watermark.at_end
    if watermark.complete_us:
        message.watermark.complete_until.FromMicroseconds(watermark.complete_us)
