"""The services whose streams people watch, in the hands of a test, on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2_grpc as metrics_grpc
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2_grpc as log_grpc

from tests.support.serving import PATIENCE_SECONDS


class ScriptedStreams(metrics_grpc.LiveMetricsServiceServicer, log_grpc.EventLogServiceServicer):
    """
    Streams what `say` puts in, to one caller at a time. `metadata` is that of the calls, `ended` is set when one ended.

    `written` counts the messages that gRPC has taken from this service.
    """

    def __init__(self) -> None:
        self.metadata: list[dict[str, Any]] = []
        self.requests: list[Any] = []
        self.ended = asyncio.Event()
        self.written = 0
        self._messages: asyncio.Queue[Any] = asyncio.Queue()

    def say(self, *messages: Any) -> None:
        """Send messages: an exception ends the stream with its status, None ends it well."""
        for message in messages:
            self._messages.put_nowait(message)

    def forget(self) -> None:
        """Say nothing of what was to be said."""
        self._messages = asyncio.Queue()

    async def WatchLiveMetrics(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - the contract's name
        """Stream."""
        async for message in self._stream(request, context):
            yield message

    async def TailEvents(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - as above
        """Stream."""
        async for message in self._stream(request, context):
            yield message

    async def _stream(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.ended.clear()
        try:
            while (message := await self._messages.get()) is not None:
                if isinstance(message, grpc.StatusCode):
                    await context.abort(message, "as the test wants it")
                yield message
                self.written += 1
        finally:
            self.ended.set()

    async def until_ended(self) -> None:
        """Return when the stream has ended here."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.ended.wait()

    async def GetLiveMetrics(self, _request: object, _context: object) -> metrics_pb2.GetLiveMetricsResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    async def QuerySeries(self, _request: object, _context: object) -> metrics_pb2.QuerySeriesResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    def WatchTenants(self, _requests: object, _context: object) -> AsyncIterator[metrics_pb2.WatchTenantsResponse]:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    def FollowEvents(self, _request: object, _context: object) -> AsyncIterator[log_pb2.FollowEventsResponse]:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    async def CountEvents(self, _request: object, _context: object) -> log_pb2.CountEventsResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError


@asynccontextmanager
async def scripted_streams() -> AsyncIterator[tuple[ScriptedStreams, str]]:
    """Run it until the block ends; yield it and its address."""
    scripted, server = ScriptedStreams(), grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    metrics_grpc.add_LiveMetricsServiceServicer_to_server(scripted, server)
    log_grpc.add_EventLogServiceServicer_to_server(scripted, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield scripted, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
