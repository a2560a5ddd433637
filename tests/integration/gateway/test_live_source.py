"""The adapter that asks the metrics service, against its contract on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2_grpc as pb2_grpc

from services.gateway.live.source import GrpcLiveSource
from services.runtime.errors import Unavailable
from tests.support.gateway_live import live_frame
from tests.support.serving import PATIENCE_SECONDS


class ScriptedMetrics(pb2_grpc.LiveMetricsServiceServicer):
    """Sends what the test wants, then ends or fails."""

    def __init__(self) -> None:
        self.requests: list[pb2.WatchLiveMetricsRequest] = []
        self.metadata: list[dict[str, Any]] = []
        self.frames: list[pb2.LiveFrame] = []
        self.failure: grpc.StatusCode | None = None
        self.cancelled = asyncio.Event()
        self.hold = False

    async def WatchLiveMetrics(  # noqa: N802 - the contract's name
        self, request: pb2.WatchLiveMetricsRequest, context: Any
    ) -> AsyncIterator[pb2.WatchLiveMetricsResponse]:
        """Stream."""
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        yield pb2.WatchLiveMetricsResponse(frames=self.frames)
        if self.failure is not None:
            await context.abort(self.failure, "as the test wants it")
        try:
            while self.hold:
                await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def GetLiveMetrics(self, _request: object, _context: object) -> pb2.GetLiveMetricsResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    async def QuerySeries(self, _request: object, _context: object) -> pb2.QuerySeriesResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError


@pytest.fixture
async def metrics() -> AsyncIterator[tuple[ScriptedMetrics, GrpcLiveSource]]:
    """Yield a service and the source that asks it."""
    service, server = ScriptedMetrics(), grpc.aio.server()
    pb2_grpc.add_LiveMetricsServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield service, GrpcLiveSource(channel, "secret")
    await server.stop(None)


async def test_frames_of_the_tenant_come_and_no_others(metrics: tuple[ScriptedMetrics, GrpcLiveSource]) -> None:
    """What a service sends by mistake reaches no socket; the end of the stream is an outage."""
    service, source = metrics
    foreign = live_frame(1, "acme")
    foreign.environment = "staging"
    service.frames = [live_frame(1, "acme"), live_frame(2, "other"), foreign, live_frame(3, "acme")]
    found = []

    async def follow() -> None:
        async for frame in source.watch("production", "acme", None):
            found.append(frame.sequence)

    with pytest.raises(Unavailable):
        await follow()
    assert found == [1, 3]
    (request,) = service.requests
    assert (request.environment, list(request.tenants), request.with_series) == ("production", ["acme"], True)
    assert service.metadata[0]["authorization"] == "Bearer secret"


async def test_a_broken_stream_is_gone_on_with(metrics: tuple[ScriptedMetrics, GrpcLiveSource]) -> None:
    """The last frame is named; failures are told as outages, without the other service's words."""
    service, source = metrics
    service.failure = grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Unavailable, match="PERMISSION_DENIED"):
        [frame async for frame in source.watch("production", "acme", live_frame(9, "acme", origin=5))]
    (position,) = service.requests[0].received
    assert (position.tenant, position.origin, position.sequence) == ("acme", 5, 9)


async def test_a_stream_that_nobody_reads_any_more_is_cancelled(
    metrics: tuple[ScriptedMetrics, GrpcLiveSource],
) -> None:
    """The service notices."""
    service, source = metrics
    service.hold, service.frames = True, [live_frame(1, "acme")]
    watching = source.watch("production", "acme", None)
    assert (await anext(watching)).sequence == 1
    await watching.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(service.cancelled.wait(), PATIENCE_SECONDS)
