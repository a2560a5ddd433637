"""What is at which address, and what every request goes through."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from services.gateway.access.browser_access import BrowserAccess
from services.gateway.access.cors import Cors
from services.gateway.administration import Administration
from services.gateway.events.events import Events
from services.gateway.flags.event_streams import EventStreams
from services.gateway.flags.ofrep import EVENTS_PATH, Ofrep
from services.gateway.http.failures import Failures
from services.gateway.http.files import DashboardFiles
from services.gateway.http.headers import SecurityHeaders
from services.gateway.http.health import Health
from services.gateway.http.problems import METHOD_NOT_ALLOWED, NOT_FOUND, Problem, problem_response
from services.gateway.http.tracing import Observed
from services.gateway.live.socket import LiveSockets
from services.gateway.oidc.oidc_logins import OidcLogins
from services.gateway.openapi import openapi_document
from services.runtime.telemetry.export import Telemetry

_NO_PAGES: Final = ("ofrep", "v1", "ws")
"""Addresses below these are never pages of the dashboard."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Doors:
    """What answers."""

    ofrep: Ofrep
    event_streams: EventStreams
    events: Events
    sockets: LiveSockets
    health: Health


def application(
    doors: Doors,
    admin: Administration,
    telemetry: Telemetry,
    access: Callable[[], BrowserAccess],
    *,
    dashboard: Path | None,
    tls: bool,
) -> ASGIApp:
    """Return the whole application."""
    routes: list[BaseRoute] = [
        _route("/ofrep/v1/evaluate/flags", doors.ofrep.all, "POST"),
        _route("/ofrep/v1/evaluate/flags/{key:path}", doors.ofrep.one, "POST"),
        _route(EVENTS_PATH, doors.event_streams.__call__, "GET"),
        _route("/v1/events", doors.events.__call__, "POST"),
        WebSocketRoute("/ws/metrics", _socket(doors.sockets)),
        _route("/healthz", doors.health.alive, "GET"),
        _route("/readyz", doors.health.ready, "GET"),
        _route("/openapi.json", openapi_document, "GET"),
        _route("/api/login", admin.logins.log_in, "POST"),
        _route("/api/login/options", admin.logins.options, "GET"),
        _route("/api/logout", admin.logins.log_out, "POST"),
        _route("/api/password", admin.logins.change_password, "POST"),
        _route("/api/session", admin.logins.session, "GET"),
        *_oidc_routes(admin.oidc),
        Route("/api/{rest:path}", admin.calls),
        *[Route(f"/{prefix}/{{rest:path}}", _NothingHere()) for prefix in _NO_PAGES],
    ]
    if dashboard is not None:
        routes.append(Mount("/", DashboardFiles(dashboard)))
    app = Starlette(
        routes=routes,
        exception_handlers={404: _nothing},
        middleware=[
            Middleware(Observed, telemetry=telemetry, calls=admin.calls.addresses),
            Middleware(SecurityHeaders, tls=tls),
            Middleware(Cors, access=access),
            Middleware(Failures),
        ],
    )
    app.router.redirect_slashes = False
    return app


def _oidc_routes(oidc: OidcLogins | None) -> Sequence[BaseRoute]:
    if oidc is None:
        return ()
    return _route("/api/login/oidc", oidc.begin, "GET"), _route("/api/login/oidc/callback", oidc.end, "GET")


def _route(path: str, endpoint: Endpoint, method: str) -> Route:
    return Route(path, _Endpoint(endpoint, method))


class _Endpoint:
    """Takes one method. Being an application of its own, it is asked for every method, and no file answers instead."""

    def __init__(self, endpoint: Endpoint, method: str) -> None:
        self._endpoint = endpoint
        self._methods = {"GET", "HEAD"} if method == "GET" else {method}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        request = Request(scope, receive)
        if request.method not in self._methods:
            allowed = ", ".join(sorted(self._methods))
            raise Problem(405, METHOD_NOT_ALLOWED, "this address takes other methods", headers={"Allow": allowed})
        response = await self._endpoint(request)
        await response(scope, receive, send)


class _NothingHere:
    """Answers every method with the same."""

    async def __call__(self, *_: object) -> None:
        """Answer."""
        raise Problem(404, NOT_FOUND, "there is nothing at this address")


def _socket(sockets: LiveSockets) -> Callable[[WebSocket], Awaitable[None]]:
    async def serve(socket: WebSocket) -> None:
        await sockets(socket)

    return serve


async def _nothing(_request: Request, _error: Exception) -> Response:
    return problem_response(Problem(404, NOT_FOUND, "there is nothing at this address"))
