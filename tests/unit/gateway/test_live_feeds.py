"""Tenants that are watched, and the one stream of their environment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import ExitStack

import pytest
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.gateway.live import following
from services.gateway.live.feeds import Feeds
from services.gateway.live.source import MOST_IN_A_CHANGE, Change
from services.gateway.live.subscriber import Subscriber
from services.runtime.errors import Unavailable
from tests.support.gateway_live import FakeLiveSource, live_frame
from tests.support.serving import PATIENCE_SECONDS


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition has come true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


class Told:
    """An outlet that keeps what it was told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def offer(self, frame: bytes) -> bool:
        """Take everything."""
        self.frames.append(frame)
        return True

    def when_ready(self, _callback: object) -> None:
        """Be ready always."""


class Listening:
    """A `LiveSource` that only keeps what it is asked for."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def watch(self, _environment: str, changes: AsyncIterator[Change]) -> AsyncGenerator[Sequence[pb2.LiveFrame]]:
        """Keep changes."""
        async for change in changes:
            self.changes.append(change)
        yield []


async def test_tenants_share_a_stream_and_leave_it_when_nobody_watches() -> None:
    """A tenant that comes again is removed and added, so that its first frame is a whole one."""
    source = Listening()
    feeds = Feeds(source, linger_seconds=0.0)
    come: tuple[list[str], list[str]] = (["beta"], [])
    gone: tuple[list[str], list[str]] = ([], ["beta"])
    expected = [(["acme"], []), come, gone, come, gone]

    def told(count: int) -> bool:
        found = [([tenant for tenant, _ in each.added], list(each.removed)) for each in source.changes]
        return found == expected[:count]

    with feeds.watching("production", "acme"):
        await until(lambda: told(1))
        for count in (2, 4):
            with feeds.watching("production", "beta"):
                await until(lambda: told(count))  # noqa: B023 - called before the next turn
            await until(lambda: told(count + 1))  # noqa: B023 - as above
        assert feeds.count == 1
    await until(lambda: feeds.count == 0)
    feeds.close()


async def test_many_tenants_are_named_in_parts() -> None:
    """As many at once as the contract allows."""
    source = Listening()
    feeds = Feeds(source)
    with ExitStack() as watching:
        for number in range(MOST_IN_A_CHANGE + 1):
            watching.enter_context(feeds.watching("production", f"t{number}"))
        await until(lambda: len(source.changes) == 2)
        assert [len(change.added) for change in source.changes] == [MOST_IN_A_CHANGE, 1]
    feeds.close()


async def test_more_sockets_than_are_told_at_once_all_get_the_newest() -> None:
    """Also when a frame comes while they are being told."""
    source = FakeLiveSource()
    feeds = Feeds(source)
    outlets = [Told() for _ in range(1_200)]
    with feeds.watching("production", "acme") as feed, ExitStack() as telling:
        for outlet in outlets:
            telling.enter_context(feed.telling(Subscriber(feed.state, outlet, -1)))
        for sequence in (1, 2, 3):
            source.send(live_frame(sequence, "acme", value=str(sequence)))
        await until(lambda: all(each.frames and b'"value":"3"' in each.frames[-1] for each in outlets))
    feeds.close()


async def test_one_silent_tenant_is_told_while_others_are_heard() -> None:
    """Silence is a tenant's own: the stream may be busy with others."""
    source = FakeLiveSource()
    feeds = Feeds(source)
    with feeds.watching("production", "acme") as loud, feeds.watching("production", "beta") as quiet:
        for tenant in ("acme", "beta"):
            source.send(live_frame(1, tenant))
        await until(lambda: loud.state.version == quiet.state.version == 1)
        quiet.heard_at -= following.SILENCE_SECONDS
        await until(lambda: quiet.state.silent)
        assert not loud.state.silent
        source.send(live_frame(2, "beta"))
        await until(lambda: not quiet.state.silent)
    feeds.close()


class Breaking:
    """A `LiveSource` whose streams break after a frame, and before one now and then."""

    def __init__(self) -> None:
        self.streams = 0

    async def watch(self, _environment: str, changes: AsyncIterator[Change]) -> AsyncGenerator[Sequence[pb2.LiveFrame]]:
        """Send a frame on every second stream."""
        await anext(changes)
        self.streams += 1
        if self.streams % 2:
            yield [live_frame(self.streams, "acme")]
        raise Unavailable("the metrics service is away")


async def test_every_outage_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """However long ago the last one was; the attempts within it are not."""
    source = Breaking()
    feeds = Feeds(source)
    with feeds.watching("production", "acme"):
        await until(lambda: source.streams >= 4)
    feeds.close()
    assert len([each for each in caplog.messages if "the metrics service is away" in each]) == 2
