"""A source of live metrics in the hands of a test."""

import asyncio
from collections.abc import AsyncIterator

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.runtime.errors import Unavailable

START = 1_800_000_000 // 60 * 60


class FakeLiveSource:
    """A `LiveSource`: what `send` says, each watcher of the tenant gets. `watched` are the streams that were opened."""

    def __init__(self) -> None:
        self.watched: list[tuple[str, str, pb2.LiveFrame | None]] = []
        self._streams: dict[tuple[str, str], list[asyncio.Queue[pb2.LiveFrame | None]]] = {}
        self._newest: dict[tuple[str, str], pb2.LiveFrame] = {}

    async def watch(
        self, environment: str, tenant: str, received: pb2.LiveFrame | None
    ) -> AsyncIterator[pb2.LiveFrame]:
        """See `LiveSource`."""
        key = (environment, tenant)
        self.watched.append((environment, tenant, received))
        queue: asyncio.Queue[pb2.LiveFrame | None] = asyncio.Queue()
        self._streams.setdefault(key, []).append(queue)
        if key in self._newest:
            yield self._newest[key]
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            self._streams[key].remove(queue)
        raise Unavailable("the test ended the stream")

    def send(self, frame: pb2.LiveFrame) -> None:
        """Send a frame."""
        key = (frame.environment, frame.tenant)
        self._newest[key] = frame
        for queue in self._streams.get(key, []):
            queue.put_nowait(frame)

    def end(self) -> None:
        """End all streams."""
        for queues in self._streams.values():
            for queue in queues:
                queue.put_nowait(None)


def live_frame(
    sequence: int,
    tenant: str = "acme",
    *,
    value: str = "1",
    series: tuple[str, ...] = (),
    first_minute: int = 0,
    origin: int = 7,
) -> pb2.LiveFrame:
    """Return a frame with one metric; its series begins `first_minute` minutes after START."""
    frame = pb2.LiveFrame(environment="production", tenant=tenant, origin=origin, sequence=sequence)
    frame.as_of.FromSeconds(START)
    frame.log_read_at.FromSeconds(START)
    metric = frame.metrics.add(metric="vendas_hora", aggregation=pb2.AGGREGATION_COUNT, value=value)
    metric.window.FromSeconds(3_600)
    metric.previous_hour.value = "0"
    if series:
        metric.series.start_time.FromSeconds(START + 60 * first_minute)
        metric.series.values.extend(series)
    return frame
