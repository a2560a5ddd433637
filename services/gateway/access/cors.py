"""CORS: pages of the origins that an environment has may read the answers; no others, and never with cookies."""

from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.access.browser_access import BrowserAccess
from services.gateway.access.entrance import API_KEY, ENVIRONMENT, ENVIRONMENT_STATE, TOKEN
from services.gateway.http.problems import ORIGIN_DENIED, Problem, problem_response

_METHODS: Final = "GET, POST"
_HEADERS: Final = f"authorization, content-type, content-encoding, if-none-match, {API_KEY}, {ENVIRONMENT}, {TOKEN}"
_EXPOSED: Final = "ETag, Retry-After"
_REMEMBER_SECONDS: Final = 600


class Cors:
    """
    Answers preflights and adds the headers.

    A preflight carries no key, so it is answered for an origin of any environment; the request that follows is checked
    against its own environment, and its answer is only readable there.
    """

    def __init__(self, app: ASGIApp, access: Callable[[], BrowserAccess]) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = HTTPConnection(scope).headers
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(origin)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                added.add_vary_header("Origin")
                if self._allows(origin, scope.get(ENVIRONMENT_STATE)):
                    added["Access-Control-Allow-Origin"] = origin
                    added["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        await self._app(scope, receive, with_headers)

    def _allows(self, origin: str, environment: str | None) -> bool:
        access = self._access()
        return origin in (access.origins if environment is None else access.of(environment).origins)

    def _preflight(self, origin: str) -> Response:
        if not self._allows(origin, None):
            return problem_response(Problem(403, ORIGIN_DENIED, "origin: pages of this origin may not ask here"))
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": str(_REMEMBER_SECONDS),
                "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            },
        )
