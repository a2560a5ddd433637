"""Where live metrics come from."""

import asyncio
import logging
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

    _Call = grpc.aio.StreamStreamCall[metrics_pb2.WatchTenantsRequest, metrics_pb2.WatchTenantsResponse]

_log = logging.getLogger(__name__)

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
        call = self._stub.WatchTenants(metadata=self._metadata)
        # gRPC itself would go on reading changes when the other side has ended the call, and the next stream miss them.
        telling = asyncio.create_task(_tell(call, environment, changes))
        try:
            async for response in call:
                # Whatever a service might send: nobody receives another environment.
                yield [frame for frame in response.frames if frame.environment == environment]
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else type(error).__name__
            raise Unavailable(f"the metrics service does not answer: {code}") from error
        finally:
            call.cancel()
            telling.cancel()
            await asyncio.wait([telling])
        raise Unavailable("the metrics service ended the stream")


async def _tell(call: "_Call", environment: str, changes: AsyncIterator[Change]) -> None:
    """Send changes until the call ends."""
    try:
        async for change in changes:
            await call.write(_request(environment, change))
    except (grpc.RpcError, asyncio.InvalidStateError):
        return  # it has ended, and whoever reads is told why
    except Exception:  # noqa: BLE001 - the next stream may work
        _log.exception("a stream of live metrics cannot be told which tenants are watched")
        # Then the other side ends it.
        await call.done_writing()


def _request(environment: str, change: Change) -> metrics_pb2.WatchTenantsRequest:
    request = metrics_pb2.WatchTenantsRequest(environment=environment, removed=change.removed)
    for tenant, frame in change.added:
        position = request.added.add(tenant=tenant)
        if frame is not None:
            position.origin, position.sequence = frame.origin, frame.sequence
    return request
