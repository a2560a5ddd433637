"""Experiments by month."""

import datetime
from zoneinfo import ZoneInfo

from mirante.api.metrics.v1 import experiment_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.programme.months import experiment_counts

UTC = datetime.UTC
NOW = datetime.datetime(2026, 3, 1, 1, tzinfo=UTC)
"""Still February in São Paulo."""


def record(started: datetime.datetime, decided: datetime.datetime | None = None) -> experiment_pb2.ExperimentRecord:
    """An experiment that is running, or was shipped against the verdict."""
    made = experiment_pb2.ExperimentRecord(state=experiment_pb2.EXPERIMENT_STATE_RUNNING)
    made.started_at.FromDatetime(started)
    if decided is not None:
        made.state = experiment_pb2.EXPERIMENT_STATE_DECIDED
        made.decision.kind, made.decision.against_verdict = experiment_pb2.DECISION_KIND_SHIP, True
        made.decision.at.FromDatetime(decided)
    return made


def test_months_are_those_of_the_zone() -> None:
    """What happened before the first month is left out, months without anything are there, drafts count nowhere."""
    january = datetime.datetime(2026, 1, 31, 23, tzinfo=UTC)
    records = [
        record(january),
        record(datetime.datetime(2026, 2, 1, 2, tzinfo=UTC), NOW),
        record(datetime.datetime(2025, 12, 31, tzinfo=UTC), january),
        record(datetime.datetime(2025, 10, 1, tzinfo=UTC), datetime.datetime(2025, 11, 1, tzinfo=UTC)),
        experiment_pb2.ExperimentRecord(state=experiment_pb2.EXPERIMENT_STATE_DRAFT),
    ]
    since = NOW - datetime.timedelta(days=70)
    counts = experiment_counts(records, since, NOW, ZoneInfo("America/Sao_Paulo"))
    assert counts.undecided == 1
    assert list(counts.months) == [
        pb2.ExperimentMonth(month="2026-02", shipped=1, against_verdict=1),
        pb2.ExperimentMonth(month="2026-01", started=2, shipped=1, against_verdict=1),
        pb2.ExperimentMonth(month="2025-12", started=1),
    ]
