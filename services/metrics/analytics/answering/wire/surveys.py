"""Surveys. Pure."""

from typing import Final

from mirante.api.metrics.v1 import quality_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    optional_property,
    optional_selection,
    property_of,
    unit_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, optional
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
    )


def nps_table(result: pb2.NpsResult) -> Table:
    """Return a row for each bucket; the one without a bucket is of the whole period."""
    rows = [_row(each.label, each.answers, incomplete=each.incomplete) for each in result.buckets]
    rows.append(_row("", result.whole, incomplete=False))
    return Table(("bucket", "promoters", "passives", "detractors", "score", "low", "high", "incomplete"), tuple(rows))


def _row(label: str, answers: pb2.NpsScore, *, incomplete: bool) -> Row:
    counts = answers.promoters, answers.passives, answers.detractors
    return label, *counts, *optional(answers, "score", "low", "high"), incomplete


REPORTS: Final = {"nps": WireReport(nps_of, nps_table)}
