"""Where events go."""

from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc
import grpc.aio
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub

from services.gateway.http.problems import problem_of_call
from services.gateway.http.tracing import trace_metadata

if TYPE_CHECKING:
    from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub

_SECONDS: Final = 10.0


class EventSink(Protocol):
    """Takes batches."""

    async def ingest(self, request: ingest_pb2.IngestRequest) -> ingest_pb2.IngestResponse:
        """Return what became of each event; raise `Problem` when none could be taken now."""


class GrpcEventSink:
    """The `EventSink` that asks the telemetry service, with the key of this process."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub: IngestServiceAsyncStub = IngestServiceStub(channel)
        self._metadata: tuple[tuple[str, Any], ...] = (("authorization", f"Bearer {secret}"),)

    async def ingest(self, request: ingest_pb2.IngestRequest) -> ingest_pb2.IngestResponse:
        """See `EventSink`."""
        try:
            return await self._stub.Ingest(request, metadata=self._metadata + trace_metadata(), timeout=_SECONDS)
        except grpc.RpcError as error:
            raise problem_of_call(error, "telemetry") from error
