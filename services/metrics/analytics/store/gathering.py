"""Gathers what the log streams, so that segments are not too many nor too large."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

MOST_BYTES: Final = 32 * 1024 * 1024
"""Of what is gathered: some 100,000 events."""


async def gathered(responses: AsyncIterator[bytes], seconds: float) -> AsyncIterator[Sequence[bytes]]:
    """
    Yield responses of a stream together: those of some seconds, or as many as are `MOST_BYTES`.

    While what was yielded is worked on the next ones are gathered, but no more than that: a slow reader slows the
    stream down. Raises what the stream raises, after everything that came before it was yielded.
    """
    queue: asyncio.Queue[bytes | BaseException] = asyncio.Queue()
    room = _Room()
    pump = asyncio.create_task(_pump(responses, queue, room))
    try:
        while True:
            first = await queue.get()
            if isinstance(first, BaseException):
                raise first
            some, failure = await _some(first, queue, seconds)
            yield some
            room.give(sum(map(len, some)))
            if failure is not None:
                raise failure
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


class _Room:
    """How many bytes more may be held."""

    def __init__(self) -> None:
        self._left = 2 * MOST_BYTES
        self._given = asyncio.Event()

    async def take(self, size: int) -> None:
        while self._left <= 0:
            self._given.clear()
            await self._given.wait()
        self._left -= size

    def give(self, size: int) -> None:
        self._left += size
        self._given.set()


async def _pump(responses: AsyncIterator[bytes], queue: "asyncio.Queue[bytes | BaseException]", room: _Room) -> None:
    try:
        async for response in responses:
            await room.take(len(response))
            queue.put_nowait(response)
    except Exception as error:  # noqa: BLE001 - handed on, in its turn
        queue.put_nowait(error)
    else:
        queue.put_nowait(EOFError("the stream has ended"))


async def _some(
    first: bytes, queue: "asyncio.Queue[bytes | BaseException]", seconds: float
) -> tuple[Sequence[bytes], BaseException | None]:
    some, size = [first], len(first)
    until = asyncio.get_running_loop().time() + seconds
    while size < MOST_BYTES:
        try:
            async with asyncio.timeout_at(until):
                found = await queue.get()
        except TimeoutError:
            break
        if isinstance(found, BaseException):
            return some, found
        some.append(found)
        size += len(found)
    return some, None
