"""Many batches of one stream under way at once, answered in their order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import grpc.aio
from google.protobuf.message import DecodeError
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import raw_batch_pb2

from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.unary_call import malformed_request
from services.runtime.errors import ServiceError, Unavailable

_UNDER_WAY: Final = 8
"""Batches of one stream; while there are so many, the stream is not read and its sender has to wait."""

Take = Callable[[raw_batch_pb2.RawIngestRequest], Awaitable[ingest_pb2.IngestResponse]]

_Answers = asyncio.Queue["asyncio.Task[bytes | ServiceError] | None"]


class IngestStreams:
    """The open streams of a process, which can be told to end."""

    def __init__(self) -> None:
        self._reading: set[asyncio.Task[None]] = set()
        self._leaving = False

    def leave(self) -> None:
        """Read no stream any further: the service stops. Each ends when what it has read is answered."""
        self._leaving = True
        for task in self._reading:
            task.cancel()

    async def serve(self, context: BytesContext, take: Take) -> None:
        """
        Read batches and write what `take` makes of each, until the sender ends its side.

        Raises:
            InvalidRequest: what was sent is no batch. All batches before it were answered.
            Unavailable: the service stops; what it has read was answered.
            ServiceError: whatever `take` raises ends the stream in the same way.
        """
        if self._leaving:
            raise _leaving()
        answers: _Answers = asyncio.Queue(_UNDER_WAY - 1)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_write(context, answers))
                reading = group.create_task(_read(context, answers, take, group))
                self._reading.add(reading)
                reading.add_done_callback(self._reading.discard)
                await asyncio.wait([reading])
                await answers.put(None)
        except BaseExceptionGroup as errors:
            # One is enough for the sender, and it is not told in a group.
            raise errors.exceptions[0] from None
        if reading.cancelled():
            raise _leaving()


async def _read(context: BytesContext, answers: _Answers, take: Take, group: asyncio.TaskGroup) -> None:
    while (message := await context.read()) is not grpc.aio.EOF:
        await answers.put(group.create_task(_answer(message, take)))


async def _answer(message: bytes, take: Take) -> bytes | ServiceError:
    """Return the answer to a batch, or what ends the stream in its turn."""
    try:
        request = raw_batch_pb2.RawIngestStreamRequest.FromString(message)
        result = await take(request.batch)
    except DecodeError:
        return malformed_request()
    except ServiceError as error:
        return error
    return ingest_pb2.IngestStreamResponse(batch_id=request.batch_id, result=result).SerializeToString()


async def _write(context: BytesContext, answers: _Answers) -> None:
    while (task := await answers.get()) is not None:
        answer = await task
        if isinstance(answer, ServiceError):
            raise answer
        await context.write(answer)


def _leaving() -> Unavailable:
    return Unavailable("the service is shutting down", reason=reasons.ERROR_REASON_NOT_READY)
