"""
Runs reports. Blocking: a report of many millions of events takes seconds and both cores.

`run` asks the store, `run_on_clickhouse` asks ClickHouse; both give the same answer to the same question.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from services.metrics.analytics.reports.answers import Answer
from services.metrics.analytics.reports.asking import Known, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.cohorts import filtering
from services.metrics.analytics.reports.cohorts import reports as cohorts
from services.metrics.analytics.reports.engagement import reports as engagement
from services.metrics.analytics.reports.features import reports as features
from services.metrics.analytics.reports.funnels import reports as funnels
from services.metrics.analytics.reports.impact import reports as impact
from services.metrics.analytics.reports.local_time import before
from services.metrics.analytics.reports.paths import reports as paths
from services.metrics.analytics.reports.quality import reports as quality
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.reports.report import Report
from services.metrics.analytics.reports.retention import reports as retention
from services.metrics.analytics.reports.series import reports as series
from services.metrics.analytics.reports.surveys import reports as surveys
from services.metrics.analytics.reports.tasks import reports as tasks
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Watermark

REPORTS: Final[dict[type[Any], Report]] = {
    **cohorts.REPORTS,
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
"""By the type of their questions."""

_NOT_CHECKED: Final = Known()


class Question(Protocol):
    """A question to a report: a specification."""

    @property
    def scope(self) -> Scope:
        """See `Scope`."""


def check(question: Question, known: Known) -> None:
    """Raise InvalidRequest, naming every field of a question that is wrong."""
    REPORTS[type(question)].check(question, known)


def run(question: Question, source: Source, limits: Limits, known: Known = _NOT_CHECKED) -> Answer[Any]:
    """
    Answer a question from a snapshot of the store.

    Args:
        question: of a type of `REPORTS`.
        source: a snapshot.
        limits: of memory and threads.
        known: the names that there are.

    Raises:
        InvalidRequest: naming every field that is wrong.
        StoreUnavailable: see `Snapshot`.
    """
    report = REPORTS[type(question)]
    report.check(question, known)
    scope, events = filtering.on_store(question, question.scope, source, limits)
    return _answer(scope, source.watermark, lambda some: report.on_store(question, some, events, limits))


def run_on_clickhouse(
    question: Question, engine: ClickHouse, watermark: Watermark, known: Known = _NOT_CHECKED
) -> Answer[Any]:
    """
    Answer a question from ClickHouse; `watermark` says how much of the log is there.

    Raises:
        InvalidRequest: naming every field that is wrong.
    """
    report = REPORTS[type(question)]
    report.check(question, known)
    scope, events = filtering.on_clickhouse(question, question.scope, engine)
    return _answer(scope, watermark, lambda some: report.on_clickhouse(question, some, events, watermark))


def _answer(scope: Scope, watermark: Watermark, result_of: Callable[[Scope], Any]) -> Answer[Any]:
    result, previous, previous_start = result_of(scope), None, None
    if scope.compare:
        previous_start, previous_end = before(scope)
        previous = result_of(replace(scope, start=previous_start, end=previous_end))
    return Answer(result, scope.start, scope.end, scope.time_zone, watermark, previous, previous_start)
