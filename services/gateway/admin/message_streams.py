"""
Streams of messages as server-sent events.

Nothing is kept for a reader: the next message is taken from the service when the last one could be written, so a slow
reader holds back the service's stream, which has its own ways with slow readers.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable
from typing import Any, Final, Self

import grpc
import grpc.aio
from starlette.types import Message, Receive, Scope, Send

from services.gateway.admin.backends import Method
from services.gateway.admin.callers import ApiCaller
from services.gateway.admin.json_messages import json_of
from services.gateway.http.failures import found_problem
from services.gateway.http.open_connections import OpenConnection
from services.gateway.http.problems import session_ended

FIRST_SECONDS: Final = 0.5
"""How long the answer waits for the first message, so that a stream that is refused is refused with its status."""

COMMENT_SECONDS: Final = 15.0
"""After that much silence comes a line that means nothing: nobody between takes the connection for dead."""

REMAINS_SECONDS: Final = 3.0
"""How often it is asked whether the session is still there."""

_STALLED_SECONDS: Final = 60.0
"""A reader that takes nothing for so long is let go of."""

_LAST_WORDS_SECONDS: Final = 1.0


class EventStream:
    """A stream that was asked for, as an ASGI application; a context manager, which lets go of it with the block."""

    def __init__(self, method: Method, request: bytes, caller: ApiCaller, connection: OpenConnection) -> None:
        self._method = method
        self._caller = caller
        self._connection = connection
        self._call = method.stream(request, caller.metadata)
        # Cancelling a read would cancel the call: it is waited for with others, and goes on.
        self._reading = self._read()

    async def __aenter__(self) -> Self:
        """
        Wait for what comes first.

        Raises:
            Problem: the service refused it at once.
        """
        try:
            await asyncio.wait({self._reading}, timeout=FIRST_SECONDS)
            if self._reading.done() and isinstance(error := self._reading.exception(), grpc.RpcError):
                raise self._method.problem(error) from error
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the service ends it, the reader goes, or the caller may not have it any more."""
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        written, gone, ended = (
            asyncio.ensure_future(each) for each in (self._write(send), _gone(receive), self._ended())
        )
        tasks = (written, gone, ended)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first = next((task for task in tasks if task.done()), None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        error = None if first is None else first.exception()
        if first is gone or isinstance(error, TimeoutError):
            return
        # A reader that does not read does not hear last words either; then the server cuts the connection.
        with contextlib.suppress(TimeoutError):
            await _within(_LAST_WORDS_SECONDS, send(_part(_last_words(error), more=False)))

    async def _write(self, send: Send) -> None:
        """Write what is read; raise TimeoutError when the reader takes nothing."""
        while True:
            while not (await asyncio.wait({self._reading}, timeout=COMMENT_SECONDS))[0]:
                await _within(_STALLED_SECONDS, send(_part(b": still here\n\n")))
            try:
                payload = self._reading.result()
            except grpc.RpcError as error:
                raise self._method.problem(error) from error
            if payload is grpc.aio.EOF:
                return
            content = await json_of(payload, self._method.answer)
            await _within(_STALLED_SECONDS, send(_part(b"data: %b\n\n" % content)))
            self._reading = self._read()

    async def _ended(self) -> None:
        """Return when the gateway drains or the key was revoked; raise Problem when the session has ended."""
        remains = self._caller.remains
        while not self._connection.ended:
            with contextlib.suppress(TimeoutError):
                await _within(REMAINS_SECONDS, self._connection.until_ended())
            if remains is not None and not await remains():
                raise session_ended()

    def _read(self) -> "asyncio.Future[Any]":
        return asyncio.ensure_future(self._call.read())


_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _within(seconds: float, work: Awaitable[None]) -> None:
    async with asyncio.timeout(seconds):
        await work


def _part(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _last_words(error: BaseException | None) -> bytes:
    """Return the event that ends a stream; nothing for one that has ended well."""
    if not isinstance(error, Exception):
        return b""
    document = json.dumps(found_problem(error).document(), ensure_ascii=False)
    return f"event: problem\ndata: {document}\n\n".encode()
