"""Answers that are larger than a message may be are refused, with their size."""

from pathlib import Path

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import report_pb2, retention_report_pb2

from services.metrics.analytics import analytics_servicer
from services.metrics.analytics.answering import child
from services.metrics.analytics.answering.engines import Engines
from services.metrics.analytics.answering.frames import Frame
from services.metrics.analytics.answering.sizes import MOST_BYTES
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore
from services.runtime.errors import InvalidRequest
from tests.support.analytics_store import ENVIRONMENT, BuiltStore
from tests.support.report_desk import funnel, stored


def test_a_process_does_not_hand_out_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service would have it in memory, and could not send it."""
    BuiltStore(tmp_path).take(stored("ana", "login"), stored("ana", "venda"))
    engines = Engines(AnalyticsStore(tmp_path), Limits(), None, 0)
    asked = Frame({"environment": ENVIRONMENT}, funnel("login", "venda").SerializeToString())
    answered = child._run(engines, asked)
    assert answered.head["outcome"] == "answered"
    monkeypatch.setattr(child, "MOST_BYTES", len(answered.body) - 1)
    refused = child._run(engines, asked)
    assert (refused.head["outcome"], refused.head["bytes"], refused.body) == ("too_long", len(answered.body), b"")


def test_a_file_may_be_too_large_though_its_answer_is_not() -> None:
    """Its refusal names the question, and a reason."""
    answer = report_pb2.Answer(time_zone="America/Sao_Paulo")
    answer.end.FromSeconds(86_400)
    for _ in range(365):
        cohort = answer.result.retention.cohorts.add(label="2023-01-01", actors=1_000)
        cohort.cells.extend([retention_report_pb2.RetentionCell(returned=1)] * 271)
    assert answer.ByteSize() < MOST_BYTES
    with pytest.raises(InvalidRequest) as refused:
        analytics_servicer._file(answer, as_json=True)
    assert refused.value.reason == reasons.ERROR_REASON_REPORT_TOO_LARGE
    assert [each.field for each in refused.value.violations] == ["question"]
