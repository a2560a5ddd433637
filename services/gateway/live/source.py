"""Where live metrics come from."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc
import grpc.aio
from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from services.runtime.errors import Unavailable

if TYPE_CHECKING:
    from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceAsyncStub

MOST_BYTES: Final = 16 * 1024 * 1024


class LiveSource(Protocol):
    """Streams the frames of one tenant."""

    def watch(
        self, environment: str, tenant: str, received: metrics_pb2.LiveFrame | None
    ) -> AsyncIterator[metrics_pb2.LiveFrame]:
        """
        Yield frames with their series, as `WatchLiveMetrics` sends them.

        Args:
            environment: of the tenant.
            tenant: exactly one.
            received: the last frame that came before a broken connection.

        Raises:
            Unavailable: the source went away, or ended the stream.
        """


class GrpcLiveSource:
    """The `LiveSource` that asks the metrics service, with the key of this process: one stream for each tenant."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub: LiveMetricsServiceAsyncStub = LiveMetricsServiceStub(channel)
        self._metadata: tuple[tuple[str, Any], ...] = (("authorization", f"Bearer {secret}"),)

    async def watch(
        self, environment: str, tenant: str, received: metrics_pb2.LiveFrame | None
    ) -> AsyncIterator[metrics_pb2.LiveFrame]:
        """See `LiveSource`."""
        request = metrics_pb2.WatchLiveMetricsRequest(environment=environment, tenants=[tenant], with_series=True)
        if received is not None:
            request.received.add(tenant=tenant, origin=received.origin, sequence=received.sequence)
        call = self._stub.WatchLiveMetrics(request, metadata=self._metadata)
        try:
            async for response in call:
                for frame in response.frames:
                    # Whatever a service might send: a socket receives its own tenant and nothing else.
                    if frame.tenant == tenant and frame.environment == environment:
                        yield frame
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else type(error).__name__
            raise Unavailable(f"the metrics service does not answer: {code}") from error
        finally:
            call.cancel()
        raise Unavailable("the metrics service ended the stream")
