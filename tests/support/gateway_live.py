"""A source of live metrics in the hands of a test."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.gateway.live.source import Change
from services.runtime.errors import Unavailable

START = 1_800_000_000 // 60 * 60


class FakeLiveSource:
    """
    A `LiveSource`: what `send` says, each stream that watches the tenant gets.

    `watched` are the tenants that streams were asked for, with their environment and the last frame received.
    """

    def __init__(self) -> None:
        self.watched: list[tuple[str, str, pb2.LiveFrame | None]] = []
        self._streams: list[_Stream] = []
        self._newest: dict[tuple[str, str], pb2.LiveFrame] = {}

    async def watch(self, environment: str, changes: AsyncIterator[Change]) -> AsyncGenerator[Sequence[pb2.LiveFrame]]:
        """See `LiveSource`."""
        stream = _Stream(environment)
        changing = asyncio.create_task(self._change(stream, changes))
        self._streams.append(stream)
        try:
            while (frame := await stream.frames.get()) is not None:
                yield [frame]
        finally:
            self._streams.remove(stream)
            changing.cancel()
        raise Unavailable("the test ended the stream")

    async def _change(self, stream: "_Stream", changes: AsyncIterator[Change]) -> None:
        async for change in changes:
            stream.tenants.difference_update(change.removed)
            for tenant, received in change.added:
                self.watched.append((stream.environment, tenant, received))
                stream.tenants.add(tenant)
                newest = self._newest.get((stream.environment, tenant))
                if newest is not None:
                    stream.frames.put_nowait(newest)

    def send(self, frame: pb2.LiveFrame) -> None:
        """Send a frame."""
        self._newest[frame.environment, frame.tenant] = frame
        for stream in self._streams:
            if stream.environment == frame.environment and frame.tenant in stream.tenants:
                stream.frames.put_nowait(frame)

    def end(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.frames.put_nowait(None)


class _Stream:
    """One that is open."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.tenants: set[str] = set()
        self.frames: asyncio.Queue[pb2.LiveFrame | None] = asyncio.Queue()


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
