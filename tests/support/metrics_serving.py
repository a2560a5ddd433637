"""A metrics service in this process, beside a telemetry service, on real datastores and real sockets."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc.aio
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1.alert_service_pb2_grpc import AlertServiceStub
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from services.metrics.app import running
from services.metrics.settings import MetricsSettings
from tests.support.fake_key_registry import INTERNAL_KEY
from tests.support.serving import PATIENCE_SECONDS, Datastores, Metadata, bearer, eventually
from tests.support.telemetry_serving import TelemetryServing, open_channel, telemetry_serving

if TYPE_CHECKING:
    from mirante.api.metrics.v1.alert_service_pb2_grpc import AlertServiceAsyncStub
    from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceAsyncStub


class MetricsServing:
    """A running metrics service, a stub of it, and the telemetry service whose log it follows."""

    def __init__(self, telemetry: TelemetryServing, channel: grpc.aio.Channel, port: int) -> None:
        self.telemetry = telemetry
        self.channel = channel
        self.port = port
        self.live: LiveMetricsServiceAsyncStub = LiveMetricsServiceStub(channel)
        self.alerts: AlertServiceAsyncStub = AlertServiceStub(channel)

    def key(self, role: str) -> Metadata:
        """Return the metadata of the key of a role, which holds production."""
        return bearer(f"secret of {role}")

    async def frame(self, tenant: str = "acme", *, with_series: bool = False, role: str = "reader") -> pb2.LiveFrame:
        """Return the present frame of a tenant."""
        request = pb2.GetLiveMetricsRequest(tenant=tenant, with_series=with_series)
        return (await self.live.GetLiveMetrics(request, metadata=self.key(role))).frame

    def watch(
        self, *tenants: str, role: str = "reader", **fields: Any
    ) -> "grpc.aio.UnaryStreamCall[pb2.WatchLiveMetricsRequest, pb2.WatchLiveMetricsResponse]":
        """Watch tenants, or all of them."""
        request = pb2.WatchLiveMetricsRequest(tenants=tenants, **fields)
        return self.live.WatchLiveMetrics(request, metadata=self.key(role))

    async def until(self, condition: Callable[[pb2.LiveFrame], bool], tenant: str = "acme") -> pb2.LiveFrame:
        """Return the first frame for which a condition holds."""
        found: list[pb2.LiveFrame] = []

        async def holds() -> bool:
            found[:] = [await self.frame(tenant)]
            return condition(found[0])

        await eventually(holds)
        return found[0]

    async def rollups(self) -> list[Any]:
        """Return the rows of the roll-ups."""
        connection = await asyncpg.connect(self.telemetry.database_url)
        try:
            rows: list[Any] = await connection.fetch(
                "SELECT * FROM metric_hours ORDER BY tenant, metric, currency, hour"
            )
        finally:
            await connection.close()
        return rows


@asynccontextmanager
async def metrics_beside(telemetry: TelemetryServing, **settings: Any) -> AsyncIterator[MetricsServing]:
    """Run a metrics service that follows the log of a telemetry service."""
    stores = telemetry.stores
    quick: dict[str, Any] = {
        "port": 0,
        "drain_seconds": 2.0,
        "rollup_seconds": 0.05,
        "alert_seconds": 0.05,
        "internal_key": INTERNAL_KEY,
        # A test that asks for reports says so: their processes take a second of a core to start.
        "analytics": False,
    }
    chosen = MetricsSettings(
        home=stores.home,
        database_url=stores.database_url,
        redis_url=stores.redis_url,
        flags_address=telemetry.registry.address,
        telemetry_address=f"127.0.0.1:{telemetry.service.port}",
        **(quick | settings),
    )
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(running(chosen))
        channel = await stack.enter_async_context(open_channel(service.port))
        yield MetricsServing(telemetry, channel, service.port)


@asynccontextmanager
async def metrics_serving(stores: Datastores, **settings: Any) -> AsyncIterator[MetricsServing]:
    """Run both services."""
    async with telemetry_serving(stores) as telemetry, metrics_beside(telemetry, **settings) as serving:
        yield serving


def shown(frame: pb2.LiveFrame) -> dict[tuple[str, str], str]:
    """Return what a frame shows of each metric and currency."""
    return {(each.metric, each.currency): each.value for each in frame.metrics}


async def read_until(call: Any, condition: Callable[[pb2.LiveFrame], bool]) -> list[pb2.LiveFrame]:
    """Read a stream until a frame comes for which a condition holds; return all that came."""
    frames: list[pb2.LiveFrame] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        response = await call.read()
        if response is grpc.aio.EOF:
            raise AssertionError(f"the stream has ended: {await call.code()}")
        frames += response.frames
        if any(condition(frame) for frame in response.frames):
            return frames
    raise AssertionError("no such frame came")
