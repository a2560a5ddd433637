"""Open streams are bounded and can be closed from outside."""

import asyncio

import pytest

from services.runtime.calls.streams import OpenStream, OpenStreams
from services.runtime.errors import Overloaded, Unauthenticated


async def held(streams: OpenStreams, key: str, opened: asyncio.Event) -> str:
    """Hold a stream until it is closed from outside; return how it ended."""
    with streams.opened(key, "/Watch") as stream:
        opened.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                stream.settle()
            except Unauthenticated as error:
                return error.message
    return "ended"


async def holding(streams: OpenStreams, key: str) -> "asyncio.Task[str]":
    """Hold a stream in a task."""
    opened = asyncio.Event()
    task = asyncio.create_task(held(streams, key, opened))
    await opened.wait()
    return task


async def test_the_streams_of_a_key_are_closed_with_an_error() -> None:
    """Those of other keys stay open."""
    streams = OpenStreams(10)
    ana, bia = await holding(streams, "ana"), await holding(streams, "bia")
    assert streams.counts() == {"/Watch": 2}
    streams.close_those_of("ana", lambda: Unauthenticated("revoked"))
    assert await ana == "revoked"
    assert streams.counts() == {"/Watch": 1}
    assert not bia.done()
    streams.close_those_of("bia", lambda: Unauthenticated("revoked too"))
    assert await bia == "revoked too"


async def test_a_key_may_hold_so_many_and_no_more() -> None:
    """One that ends makes room for another."""
    streams = OpenStreams(1)
    first = await holding(streams, "ana")
    with pytest.raises(Overloaded), streams.opened("ana", "/Watch"):
        pass
    streams.close_those_of("ana", lambda: Unauthenticated("gone"))
    await first
    with streams.opened("ana", "/Watch"):
        assert streams.counts() == {"/Watch": 1}


async def test_only_the_first_close_counts() -> None:
    """A stream that is being closed is not cancelled a second time."""
    opened: asyncio.Future[OpenStream] = asyncio.get_running_loop().create_future()

    async def serve() -> str:
        with OpenStreams(1).opened("ana", "/Watch") as stream:
            opened.set_result(stream)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stream.settle()
                await asyncio.sleep(0)
        return "in order"

    task = asyncio.create_task(serve())
    stream = await opened
    stream.close()
    stream.close(Unauthenticated("late"))
    assert await task == "in order"
