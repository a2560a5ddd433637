"""`POST /api/{service}/{method}`: the message of a method as JSON, and its answer as JSON or as a stream of it."""

from collections.abc import Mapping, Set
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.admin.backends import Method
from services.gateway.admin.callers import Callers
from services.gateway.admin.json_messages import json_of, serialised
from services.gateway.admin.message_streams import EventStream
from services.gateway.http.bodies import read_body, too_large
from services.gateway.http.open_connections import OpenConnections
from services.gateway.http.problems import METHOD_NOT_ALLOWED, NOT_FOUND, Problem

MOST_BODY_BYTES: Final = 8 * 1024 * 1024
_MOST_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""What the services take."""


class ApiCalls:
    """Everything below `/api/` that is not a page of its own, for every HTTP method."""

    def __init__(self, methods: Mapping[str, Method], callers: Callers, streams: OpenConnections) -> None:
        self._methods = methods
        self._callers = callers
        self._streams = streams

    @property
    def addresses(self) -> Set[str]:
        """Those that exist."""
        return self._methods.keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        request = Request(scope, receive)
        method = self._methods.get(scope["path"])
        if method is None:
            raise Problem(404, NOT_FOUND, "there is nothing at this address")
        if request.method != "POST":
            raise Problem(405, METHOD_NOT_ALLOWED, "this address takes other methods", headers={"Allow": "POST"})
        caller = await self._callers.of(request)
        body = await read_body(request, MOST_BODY_BYTES)
        message = await serialised(body, method.request)
        if len(message) > _MOST_MESSAGE_BYTES:
            raise too_large(_MOST_MESSAGE_BYTES)
        if method.is_stream:
            with self._streams.open(caller.id) as connection:
                async with EventStream(method, message, caller, connection) as stream:
                    await stream(scope, receive, send)
            return
        answer = await method.ask(message, caller.metadata)
        content = await json_of(answer, method.answer)
        await Response(content, media_type="application/json")(scope, receive, send)
