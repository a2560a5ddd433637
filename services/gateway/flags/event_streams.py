"""The server-sent events of OFREP: notices, without any content."""

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.gateway.access.entrance import ENVIRONMENT_STATE, Entrance
from services.gateway.flags.environment import FlagRules
from services.gateway.flags.environments import Environments
from services.gateway.flags.tickets import Tickets
from services.gateway.http.open_connections import OpenConnection, OpenConnections
from services.runtime.errors import Unauthenticated

_COMMENT_SECONDS: Final = 15.0
"""A line that means nothing, often enough that nobody between takes the connection for dead."""
_RETRY_MS: Final = 2_000


class EventStreams:
    """
    Streams "ask again".

    `is_valid` says whether a key, by its id, may still be used.
    """

    def __init__(
        self,
        *,
        entrance: Entrance,
        environments: Environments,
        tickets: Tickets,
        connections: OpenConnections,
        is_valid: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entrance = entrance
        self._environments = environments
        self._tickets = tickets
        self._connections = connections
        self._is_valid = is_valid
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """
        `GET /ofrep/v1/events?ticket=...`.

        The first notice comes at once unless `Last-Event-ID` says that the client has seen the present state: what
        changed between its question and its stream must not be missed.
        """
        ticket = self._tickets.read(request.query_params.get("ticket", ""), self._clock())
        if not self._is_valid(ticket.key_id):
            raise Unauthenticated("ticket: its API key was revoked")
        self._entrance.check_origin(request, ticket.environment)
        request.scope[ENVIRONMENT_STATE] = ticket.environment
        rules = self._environments.of(ticket.environment)
        rules.ruleset()
        connection = self._connections.open(ticket.key_id)
        seen = request.headers.get("last-event-id", "")
        return _CountedStream(connection, self._stream(rules, connection, seen, visible_only=ticket.visible_only))

    async def _stream(
        self, rules: FlagRules, connection: OpenConnection, seen: str, *, visible_only: bool
    ) -> AsyncIterator[bytes]:
        pulse = rules.pulses.visible if visible_only else rules.pulses.all
        number = pulse.number
        yield f"retry: {_RETRY_MS}\n\n".encode()
        if seen != rules.position(self._clock()):
            yield self._notice(rules)
        while not connection.ended:
            changed = await connection.first_of(pulse.beyond(number), _COMMENT_SECONDS)
            if changed is not None:
                number = changed
                yield self._notice(rules)
            elif not connection.ended:
                yield b": still here\n\n"

    def _notice(self, rules: FlagRules) -> bytes:
        position = rules.position(self._clock())
        data = json.dumps({"type": "refetchEvaluation", "etag": position})
        return f"event: message\nid: {position}\ndata: {data}\n\n".encode()


class _CountedStream(StreamingResponse):
    """Counts its connection until it has ended, also when it never began."""

    def __init__(self, connection: OpenConnection, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream."""
        with self._connection:
            await super().__call__(scope, receive, send)
