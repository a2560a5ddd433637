"""
`/ws/metrics`: the live metrics of the tenant that a browser token names.

The first message of a client says who it is (`hello`), so that neither key nor token stands in an address. What is
refused is told as a problem, in a message, because scripts cannot see the answer of a handshake; then the socket is
closed with 4000 plus the status. A token can be renewed on the open socket; when it expires, the socket is closed.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from services.gateway.access.browser_access import BrowserAccess
from services.gateway.access.browser_tokens import Visitor, expired, read_token
from services.gateway.access.entrance import Admitted, Entrance
from services.gateway.http.failures import found_problem
from services.gateway.http.open_connections import OpenConnection, OpenConnections
from services.gateway.http.problems import (
    INVALID_MESSAGE,
    INVALID_TOKEN,
    NO_HELLO,
    TENANT_DENIED,
    Problem,
    problem_response,
)
from services.gateway.http.websocket_protocol import outlet_of
from services.gateway.live.feed import Feed
from services.gateway.live.feeds import Feeds
from services.gateway.live.messages import Hello, read_hello, read_renew
from services.gateway.live.places import Places
from services.gateway.live.subscriber import Subscriber
from services.runtime.access import Role
from services.runtime.calls.quota import TokenBucket

_EVERYBODY: Final = frozenset(Role)
_MESSAGES_PER_SECOND: Final = 2.0
_RESTART: Final = 1012
_PROBLEM_CODES: Final = 4_000


class LiveSockets:
    """Serves sockets. `waiting` counts those that have not said who they are, `open` the others."""

    def __init__(
        self,
        *,
        entrance: Entrance,
        access: Callable[[], BrowserAccess],
        feeds: Feeds,
        waiting: OpenConnections,
        connections: OpenConnections,
        places: Places,
        hello_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entrance = entrance
        self._access = access
        self._feeds = feeds
        self._waiting = waiting
        self._connections = connections
        self._places = places
        self._hello_seconds = hello_seconds
        self._clock = clock

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket to its end."""
        try:
            self._entrance.check_origin(socket, None)
            waiting = self._waiting.open("")
        except Exception as error:  # noqa: BLE001 - told before the handshake
            await socket.send_denial_response(problem_response(found_problem(error)))
            return
        try:
            with waiting:
                await socket.accept()
                hello = read_hello(await self._first_message(socket, waiting))
            await self._serve(socket, hello)
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - told in a message
            await _refuse(socket, found_problem(error))

    async def _first_message(self, socket: WebSocket, waiting: OpenConnection) -> str:
        text = await waiting.first_of(_receive(socket), self._hello_seconds)
        if text is not None:
            return text
        if waiting.ended:
            raise Problem(503, "NOT_READY", "the gateway is shutting down", retry_seconds=1.0)
        raise Problem(408, NO_HELLO, f"no hello came within {self._hello_seconds:g} s")

    async def _serve(self, socket: WebSocket, hello: Hello) -> None:
        admitted = self._entrance.admit(socket, _EVERYBODY, key=hello.key, environment=hello.environment)
        visitor = self._visitor(admitted, hello.token)
        with (
            self._connections.open(admitted.caller.key_id) as connection,
            self._places.taken(visitor),
            self._feeds.watching(visitor.environment, visitor.tenant) as feed,
        ):
            session = _Session(socket, feed, visitor, self._clock, lambda token: self._visitor(admitted, token))
            problem = await session.run(connection, hello.received)
        if problem is not None:
            raise problem
        if connection.ended:
            await _end(socket, draining=self._connections.draining)

    def _visitor(self, admitted: Admitted, token: str) -> Visitor:
        if not token:
            raise Problem(401, INVALID_TOKEN, "token: is empty")
        environment = admitted.environment
        return read_token(token, self._access().of(environment), environment, self._clock())


class _Session:
    """One socket that is let in: one task, which listens. What is told to many goes to the outlet of each."""

    def __init__(
        self,
        socket: WebSocket,
        feed: Feed,
        visitor: Visitor,
        clock: Callable[[], float],
        read_visitor: Callable[[str], Visitor],
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._visitor = visitor
        self._clock = clock
        self._read_visitor = read_visitor
        self._until = asyncio.timeout_at(self._expiry())

    async def run(self, connection: OpenConnection, received: str) -> Problem | None:
        """Serve until one side has enough; return why, when it was the token."""
        try:
            async with self._until:
                connection.when_ended(self._end_now)
                await self._begin(received)
        except TimeoutError:
            if not self._until.expired():
                raise
        finally:
            connection.when_ended(_nothing)
        return None if connection.ended else expired()

    async def _begin(self, received: str) -> None:
        state = self._feed.state
        version = state.version if received and received == state.position else -1
        if version >= 0:
            await self._socket.send_text(json.dumps({"type": "resumed", "position": received}))
        with self._feed.telling(Subscriber(state, outlet_of(self._socket.scope), version)):
            await self._listen()

    async def _listen(self) -> None:
        bucket = TokenBucket(_MESSAGES_PER_SECOND, self._clock())
        while True:
            text = await _receive(self._socket)
            if bucket.take(1.0, self._clock()) > 0:
                raise Problem(429, "QUOTA_EXCEEDED", "too many messages on one socket", retry_seconds=1.0)
            visitor = self._read_visitor(read_renew(text).token)
            if (visitor.tenant, visitor.user) != (self._visitor.tenant, self._visitor.user):
                raise Problem(403, TENANT_DENIED, "token: is of another user or tenant than the socket")
            self._visitor = visitor
            self._until.reschedule(self._expiry())

    def _expiry(self) -> float:
        """Return when the token expires, in the time of the event loop."""
        return asyncio.get_running_loop().time() + max(0.0, self._visitor.expires_at - self._clock())

    def _end_now(self) -> None:
        self._until.reschedule(asyncio.get_running_loop().time())


def _nothing() -> None:
    """Stand in for what is to be done at the end of a connection that has ended by itself."""


async def _receive(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1005)
    text = message.get("text")
    if not isinstance(text, str):
        raise Problem(400, INVALID_MESSAGE, "message: must be a text")
    return text


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    if socket.application_state is not WebSocketState.CONNECTED or socket.client_state is not WebSocketState.CONNECTED:
        return
    try:
        await socket.send_text(json.dumps({"type": "problem", "problem": problem.document()}))
        await socket.close(_PROBLEM_CODES + problem.status, problem.reason)
    except (WebSocketDisconnect, RuntimeError):
        return  # it has gone already


async def _end(socket: WebSocket, *, draining: bool) -> None:
    try:
        if draining:
            await socket.close(_RESTART, "the gateway restarts")
        else:
            await _refuse(socket, Problem(401, "REVOKED_KEY", "the API key was revoked"))
    except (WebSocketDisconnect, RuntimeError):
        return  # it has gone already
