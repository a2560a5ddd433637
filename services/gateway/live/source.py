"""Where live metrics come from."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc
import grpc.aio
from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from services.runtime.errors import Unavailable

if TYPE_CHECKING:
    from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceAsyncStub

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_IN_A_CHANGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """
    Tenants that are watched from now on, each with the last frame that came before a broken stream, and no more.

    A tenant in both begins anew. At most MOST_IN_A_CHANGE in each.
    """

    added: Sequence[tuple[str, metrics_pb2.LiveFrame | None]] = ()
    removed: Sequence[str] = ()


class LiveSource(Protocol):
    """Streams the frames of the tenants of an environment."""

    def watch(
        self, environment: str, changes: AsyncIterator[Change]
    ) -> AsyncGenerator[Sequence[metrics_pb2.LiveFrame]]:
        """
        Yield frames with their series, as `WatchTenants` sends them.

        Args:
            environment: of the tenants.
            changes: which tenants; does not end before the stream.

        Raises:
            Unavailable: the source went away, or ended the stream.
        """


class GrpcLiveSource:
    """The `LiveSource` that asks the metrics service, with the key of this process."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub: LiveMetricsServiceAsyncStub = LiveMetricsServiceStub(channel)
        self._metadata: tuple[tuple[str, Any], ...] = (("authorization", f"Bearer {secret}"),)

    async def watch(
        self, environment: str, changes: AsyncIterator[Change]
    ) -> AsyncGenerator[Sequence[metrics_pb2.LiveFrame]]:
        """See `LiveSource`."""
        call = self._stub.WatchTenants(_requests(environment, changes), metadata=self._metadata)
        try:
            async for response in call:
                # Whatever a service might send: nobody receives another environment.
                yield [frame for frame in response.frames if frame.environment == environment]
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else type(error).__name__
            raise Unavailable(f"the metrics service does not answer: {code}") from error
        finally:
            call.cancel()
        raise Unavailable("the metrics service ended the stream")


async def _requests(
    environment: str, changes: AsyncIterator[Change]
) -> AsyncGenerator[metrics_pb2.WatchTenantsRequest]:
    async for change in changes:
        request = metrics_pb2.WatchTenantsRequest(environment=environment, removed=change.removed)
        for tenant, frame in change.added:
            position = request.added.add(tenant=tenant)
            if frame is not None:
                position.origin, position.sequence = frame.origin, frame.sequence
        yield request
