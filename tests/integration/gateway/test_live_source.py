"""The adapter that asks the metrics service, against its contract on a real socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import grpc.aio
import pytest
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2_grpc as pb2_grpc

from services.gateway.live.following import Following
from services.gateway.live.source import Change, GrpcLiveSource
from services.runtime.errors import Unavailable
from tests.support.gateway_live import live_frame
from tests.support.serving import PATIENCE_SECONDS, eventually


class ScriptedMetrics(pb2_grpc.LiveMetricsServiceServicer):
    """Answers each request with what the test wants, then goes on, or ends or fails."""

    def __init__(self) -> None:
        self.requests: list[pb2.WatchTenantsRequest] = []
        self.metadata: list[dict[str, Any]] = []
        self.frames: list[pb2.LiveFrame] = []
        self.failure: grpc.StatusCode | None = None
        self.ended = asyncio.Event()
        self.hold = False

    async def WatchTenants(  # noqa: N802 - the contract's name
        self, requests: AsyncIterator[pb2.WatchTenantsRequest], context: Any
    ) -> AsyncIterator[pb2.WatchTenantsResponse]:
        """Stream."""
        self.metadata.append(dict(context.invocation_metadata()))
        try:
            async for request in requests:
                self.requests.append(request)
                yield pb2.WatchTenantsResponse(frames=self.frames)
                if not self.hold:
                    break
        finally:
            self.ended.set()
        if self.failure is not None:
            await context.abort(self.failure, "as the test wants it")

    def WatchLiveMetrics(self, _request: object, _context: object) -> AsyncIterator[pb2.WatchLiveMetricsResponse]:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

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


async def changes(*those: Change, go_on: asyncio.Event | None = None) -> AsyncGenerator[Change]:
    """Yield changes, and stay open; each but the first only when the test says so."""
    for number, change in enumerate(those):
        if number and go_on is not None:
            await go_on.wait()
        yield change
    await asyncio.Event().wait()


async def test_frames_of_the_environment_come_and_no_others(metrics: tuple[ScriptedMetrics, GrpcLiveSource]) -> None:
    """What a service sends by mistake reaches nobody; the end of the stream is an outage."""
    service, source = metrics
    foreign = live_frame(1, "acme")
    foreign.environment = "staging"
    service.frames = [live_frame(1, "acme"), foreign, live_frame(3, "other")]
    found = []
    with pytest.raises(Unavailable):  # noqa: PT012 - the iteration raises
        async for frames in source.watch("production", changes(Change([("acme", None)]))):
            found += [(frame.tenant, frame.sequence) for frame in frames]
    assert found == [("acme", 1), ("other", 3)]
    (request,) = service.requests
    assert request.environment == "production"
    assert list(request.added) == [pb2.FramePosition(tenant="acme")]
    assert service.metadata[0]["authorization"] == "Bearer secret"


async def test_tenants_come_and_go_on_one_stream(metrics: tuple[ScriptedMetrics, GrpcLiveSource]) -> None:
    """Those that were received before are named with their last frame."""
    service, source = metrics
    service.hold, service.frames = True, [live_frame(1, "acme")]
    go_on = asyncio.Event()
    last = live_frame(9, "beta", origin=5)
    watching = source.watch(
        "production", changes(Change([("acme", None)]), Change([("beta", last)], ["acme"]), go_on=go_on)
    )
    await anext(watching)
    go_on.set()
    await anext(watching)
    await watching.aclose()
    request = service.requests[1]
    assert list(request.removed) == ["acme"]
    assert list(request.added) == [pb2.FramePosition(tenant="beta", origin=5, sequence=9)]
    assert len(service.metadata) == 1


async def test_failures_are_told_as_outages(metrics: tuple[ScriptedMetrics, GrpcLiveSource]) -> None:
    """Without the other service's words."""
    service, source = metrics
    service.failure = grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Unavailable, match="PERMISSION_DENIED"):
        [frames async for frames in source.watch("production", changes(Change([("acme", None)])))]


async def test_a_stream_that_nobody_reads_any_more_is_cancelled(
    metrics: tuple[ScriptedMetrics, GrpcLiveSource],
) -> None:
    """The service notices."""
    service, source = metrics
    service.hold, service.frames = True, [live_frame(1, "acme")]
    watching = source.watch("production", changes(Change([("acme", None)])))
    (frame,) = await anext(watching)
    assert frame.sequence == 1
    await watching.aclose()
    await asyncio.wait_for(service.ended.wait(), PATIENCE_SECONDS)


async def test_who_comes_after_the_service_ended_a_stream_is_watched_on_the_next(
    metrics: tuple[ScriptedMetrics, GrpcLiveSource],
) -> None:
    """What is left of the old stream takes no news away: a restarted service is told of every tenant."""
    service, source = metrics

    async def told_of(tenant: str) -> bool:
        return any(tenant in [each.tenant for each in request.added] for request in service.requests)

    following = Following(source, "production")
    following.add("acme")
    await eventually(lambda: told_of("acme"))
    await asyncio.wait_for(service.ended.wait(), PATIENCE_SECONDS)
    service.requests.clear()
    service.hold = True
    await eventually(lambda: told_of("acme"))
    for tenant in ("beta", "gama"):
        following.add(tenant)
        await eventually(lambda: told_of(tenant))  # noqa: B023 - called before the next turn
    following.stop()
