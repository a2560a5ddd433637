"""`ExperimentService` on a real socket: what it answers when it has nothing to say, and to nonsense."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2
from mirante.api.metrics.v1.experiment_service_pb2_grpc import ExperimentServiceStub

from tests.support.experiment_records import design
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, refused


@pytest.fixture
async def serving(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[MetricsServing]:
    """Yield a metrics service without an analytics store, beside a flag service that knows keys alone."""
    async with metrics_serving(Datastores(database_url, redis_url, tmp_path)) as running:
        yield running


async def test_refusals(serving: MetricsServing) -> None:
    """Each has its reason: unknown keys, damaged tokens, roles that may not, services that are away."""
    stub: Any = ExperimentServiceStub(serving.channel)
    editor, reader = serving.key("editor"), serving.key("reader")
    assert not (await stub.ListExperiments(pb2.ListExperimentsRequest(), metadata=reader)).records
    cases: list[tuple[str, Any, str]] = [
        ("GetExperiment", pb2.GetExperimentRequest(experiment_key="nenhum"), "EXPERIMENT_NOT_FOUND"),
        ("GetExperiment", pb2.GetExperimentRequest(experiment_key="x\x00'; --"), "EXPERIMENT_NOT_FOUND"),
        ("GetResults", pb2.GetResultsRequest(experiment_key="nenhum"), "EXPERIMENT_NOT_FOUND"),
        ("GetReport", pb2.GetReportRequest(experiment_key=""), "EXPERIMENT_NOT_FOUND"),
        ("StopExperiment", pb2.StopExperimentRequest(experiment_key="nenhum"), "EXPERIMENT_NOT_FOUND"),
        ("ListExperiments", pb2.ListExperimentsRequest(page_token="???"), "INVALID_REQUEST"),
        ("ListExperiments", pb2.ListExperimentsRequest(page_size=1_001), "INVALID_REQUEST"),
        ("ListExperiments", pb2.ListExperimentsRequest(flag_key="\x00"), "INVALID_REQUEST"),
        (
            "GetExperimentHistory",
            pb2.GetExperimentHistoryRequest(experiment_key="a", page_token="YQ"),
            "INVALID_REQUEST",
        ),
        ("CreateExperiment", pb2.CreateExperimentRequest(), "INVALID_REQUEST"),
        ("PlanExperiment", pb2.PlanExperimentRequest(weeks=27), "INVALID_REQUEST"),
        ("PlanExperiment", pb2.PlanExperimentRequest(power=0.2), "INVALID_REQUEST"),
        # There is no catalogue that declares the event.
        ("CreateExperiment", pb2.CreateExperimentRequest(experiment=design()), "INVALID_REQUEST"),
    ]
    for method, request, reason in cases:
        answer = await refused(getattr(stub, method)(request, metadata=editor))
        assert answer.reason == reason, (method, answer)
    denied = await refused(stub.CreateExperiment(pb2.CreateExperimentRequest(experiment=design()), metadata=reader))
    assert denied.reason == "ROLE_DENIED"
