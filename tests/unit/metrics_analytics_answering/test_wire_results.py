"""Messages of results: each says what the result said, and so does its table."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mirante.api.metrics.v1 import report_pb2

from services.metrics.analytics.answering.wire.reports import (
    answer_of,
    table_of,
)
from services.metrics.analytics.reports.answers import Answer
from services.metrics.analytics.reports.cohorts.asking import (
    CohortMembersResult,
    CohortSizeResult,
)
from services.metrics.analytics.reports.engagement.lifecycle import LifecycleBucket
from services.metrics.analytics.reports.engagement.stickiness import StickinessResult
from services.metrics.analytics.reports.features.results import FeatureUseResult, FirstUseResult
from services.metrics.analytics.reports.funnels.people import FunnelPerson
from services.metrics.analytics.reports.funnels.results import FunnelResult
from services.metrics.analytics.reports.paths.results import PathsResult
from services.metrics.analytics.reports.quality.problems import ProblemsResult
from services.metrics.analytics.reports.quality.values import TopValuesResult
from services.metrics.analytics.reports.quality.vitals import WebVitalsResult
from services.metrics.analytics.reports.retention.results import RetentionResult
from services.metrics.analytics.reports.series.results import SeriesResult
from services.metrics.analytics.reports.surveys.nps import NpsResult
from services.metrics.analytics.reports.tasks.exits import ExitsResult
from services.metrics.analytics.reports.tasks.task_time import TaskTimeResult
from services.metrics.analytics.store.reading import Watermark
from tests.support.report_results import made_up, read, told

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
END = START + timedelta(days=7)

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


@pytest.mark.parametrize("name", sorted(_RESULTS.keys() - {"funnel", "top_values"}))
def test_a_table_has_a_cell_for_each_column(name: str) -> None:
    """Whatever the result is; of two periods, each row says which one it is of."""
    for seed in range(5):
        chance = random.Random(f"{name} {seed}")
        result, previous = made_up(_RESULTS[name], chance), made_up(_RESULTS[name], chance)
        answer = Answer(result, START, END, "America/Manaus", Watermark(7, 8, at_end=True), previous, START)
        table = table_of(answer_of(name, answer))
        assert table.columns[0] == "period"
        assert {len(row) for row in table.rows} <= {len(table.columns)}
