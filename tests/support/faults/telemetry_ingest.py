"""The two ways of sending events to one replica, without taking the events apart."""

from collections.abc import Sequence
from typing import Any

import grpc.aio
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import raw_batch_pb2

from tests.support.flag_service_process import CHANNEL_OPTIONS

_SERVICE = "/mirante.api.telemetry.v1.IngestService"
CALL_SECONDS = 20.0

Metadata = tuple[tuple[str, str], ...]


class Ingest:
    """`IngestService` of one replica."""

    def __init__(self, address: str, metadata: Metadata) -> None:
        self._metadata = metadata
        self.channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._unary: Any = self.channel.unary_unary(
            f"{_SERVICE}/Ingest",
            request_serializer=raw_batch_pb2.RawIngestRequest.SerializeToString,
            response_deserializer=ingest_pb2.IngestResponse.FromString,
        )
        self._stream: Any = self.channel.stream_stream(
            f"{_SERVICE}/IngestStream",
            request_serializer=raw_batch_pb2.RawIngestStreamRequest.SerializeToString,
            response_deserializer=ingest_pb2.IngestStreamResponse.FromString,
        )

    async def send(
        self, request: raw_batch_pb2.RawIngestRequest, *, seconds: float = CALL_SECONDS, **options: Any
    ) -> ingest_pb2.IngestResponse:
        """Send a batch by `Ingest`; raise what the call raises."""
        response: ingest_pb2.IngestResponse = await self._unary(
            request, metadata=self._metadata, timeout=seconds, **options
        )
        return response

    async def send_all(
        self,
        requests: Sequence[raw_batch_pb2.RawIngestRequest],
        answered: "list[ingest_pb2.IngestResponse]",
        *,
        seconds: float = CALL_SECONDS,
    ) -> None:
        """
        Send batches by one `IngestStream`.

        What was answered is in `answered`, in the order of the batches, also when the call fails; then raise what it
        raises.
        """
        call = self._stream(_numbered(requests), metadata=self._metadata, timeout=seconds)
        async for response in call:
            assert response.batch_id == len(answered), "answers come in the order of the batches"
            answered.append(response.result)
        assert len(answered) == len(requests), "a stream that ends well has answered everything"

    async def close(self) -> None:
        """Close the channel."""
        await self.channel.close()


async def _numbered(requests: Sequence[raw_batch_pb2.RawIngestRequest]) -> Any:
    for number, request in enumerate(requests):
        yield raw_batch_pb2.RawIngestStreamRequest(batch_id=number, batch=request)
