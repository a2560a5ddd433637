"""Something of each kind that people save in product analytics."""

from typing import Final

from google.protobuf.message import Message
from mirante.api.metrics.v1 import cohort_pb2, report_pb2, saved_report_pb2, usage_report_pb2

from services.metrics.analytics.saved.kinds import BOARD, COHORT, REPORT, SavedKind

_QUESTION: Final = report_pb2.Question()
_QUESTION.scope.last.count = 7
_QUESTION.series.measure = usage_report_pb2.SERIES_MEASURE_ACTORS
_ANYBODY: Final = cohort_pb2.CohortDefinition()
_ANYBODY.conditions.add().did.at_least = 1
CONTENTS: Final[dict[SavedKind, Message]] = {
    COHORT: saved_report_pb2.Cohort(definition=_ANYBODY),
    REPORT: saved_report_pb2.SavedReport(question=_QUESTION),
    BOARD: saved_report_pb2.Board(items=[saved_report_pb2.BoardItem(title="Vendas", question=_QUESTION)]),
}
"""Without what is known of it, `info`."""
