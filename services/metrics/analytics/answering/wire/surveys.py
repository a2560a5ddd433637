"""Surveys. Pure."""

from typing import Final

from mirante.api.metrics.v1 import quality_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    breakdown_of,
    optional_property,
    optional_selection,
    property_of,
    unit_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Property, Scope, Selection, Unit
from services.metrics.analytics.reports.surveys.nps import Nps


def nps_of(message: pb2.NpsQuestion, scope: Scope) -> Nps:
    """Return what is asked."""
    return Nps(
        scope=scope,
        answer=optional_selection(message, "answer", Selection("nps_respondido")),
        score=optional_property(message, "score", Property("nota")),
        survey=property_of(message.survey, "survey") if message.HasField("survey") else None,
        unit=unit_of(message.unit, Unit.WEEK),
        breakdown=breakdown_of(message),
    )


def nps_table(result: pb2.NpsResult) -> Table:
    """Return a row for each bucket; those without a bucket are of the whole period, and of each group in it."""
    rows = [_row("", each.label, each.answers, incomplete=each.incomplete) for each in result.buckets]
    rows.append(_row("", "", result.whole, incomplete=False))
    rows += [_row(group_name(each.group), "", each.answers, incomplete=False) for each in result.groups]
    columns = ("group", "bucket", "promoters", "passives", "detractors", "score", "low", "high", "incomplete")
    return Table(columns, tuple(rows))


def _row(group: str | None, label: str, answers: pb2.NpsScore, *, incomplete: bool) -> Row:
    counts = answers.promoters, answers.passives, answers.detractors
    return group, label, *counts, *optional(answers, "score", "low", "high"), incomplete


REPORTS: Final = {"nps": WireReport(nps_of, nps_table)}
