"""Many batches of one stream under way at once, answered in their order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import grpc.aio
from google.protobuf.message import DecodeError
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import raw_batch_pb2

from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.unary_call import malformed_request

_UNDER_WAY: Final = 8
"""Batches of one stream; while there are so many, the stream is not read and its sender has to wait."""

Take = Callable[[raw_batch_pb2.RawIngestRequest], Awaitable[ingest_pb2.IngestResponse]]


async def serve_stream(context: BytesContext, take: Take) -> None:
    """
    Read batches and write what `take` makes of each, until the sender ends its side.

    Raises:
        InvalidRequest: what was sent is no batch.
        Exception: whatever `take` raises ends the stream.
    """
    waiting: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(_UNDER_WAY - 1)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_write(context, waiting))
            while (message := await context.read()) is not grpc.aio.EOF:
                await waiting.put(group.create_task(_answer(message, take)))
            await waiting.put(None)
    except BaseExceptionGroup as errors:
        # One is enough for the sender, and it is not told in a group.
        raise errors.exceptions[0] from None


async def _answer(message: bytes, take: Take) -> bytes:
    try:
        request = raw_batch_pb2.RawIngestStreamRequest.FromString(message)
    except DecodeError:
        raise malformed_request() from None
    result = await take(request.batch)
    return ingest_pb2.IngestStreamResponse(batch_id=request.batch_id, result=result).SerializeToString()


async def _write(context: BytesContext, waiting: "asyncio.Queue[asyncio.Task[bytes] | None]") -> None:
    while (task := await waiting.get()) is not None:
        await context.write(await task)
