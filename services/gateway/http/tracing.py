"""Traces and measures requests; what is asked of other services belongs to the same trace."""

import re
from collections.abc import Set
from time import perf_counter
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.telemetry.export import Telemetry
from services.runtime.telemetry.measurements import Histogram, Instrument
from services.runtime.telemetry.trace_context import TRACE_PARENT

_DURATION: Final = Instrument(
    "http.server.request.duration",
    "s",
    "Time to the end of the response.",
    ("http.request.method", "http.route", "http.response.status_code"),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_TEMPLATE: Final = re.compile(r"^/ofrep/v1/evaluate/flags/.+$")
_ROUTES: Final = frozenset(
    {
        "/ofrep/v1/evaluate/flags",
        "/ofrep/v1/events",
        "/v1/events",
        "/ws/metrics",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/login",
        "/api/login/options",
        "/api/login/oidc",
        "/api/login/oidc/callback",
        "/api/logout",
        "/api/password",
        "/api/session",
    }
)


class Observed:
    """
    Around everything else. Routes are templates, and what is unknown is one: labels must be few.

    `calls` are the addresses of the admin API.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry, calls: Set[str]) -> None:
        self._app = app
        self._routes = _ROUTES | calls
        self._tracing = telemetry.tracing
        self._durations: Histogram = telemetry.measurements.histogram(_DURATION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        route, started, status = route_of(scope["path"], self._routes), perf_counter(), 500
        span = self._tracing.begin_span(
            f"{method} {route}",
            Headers(scope=scope),
            {"http.request.method": method, "http.route": route},
        )
        token = None if span is None else otel_context.attach(trace.set_span_in_context(span))

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._durations.series(method, route, str(status)).record(perf_counter() - started)
            if span is not None and token is not None:
                otel_context.detach(token)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                span.end()


def route_of(path: str, routes: Set[str] = _ROUTES) -> str:
    """Return the template of a path; `routes` are those that stand for themselves."""
    if path in routes:
        return path
    return "/ofrep/v1/evaluate/flags/{key}" if _TEMPLATE.match(path) else "/{file}"


def trace_metadata() -> tuple[tuple[str, Any], ...]:
    """Return the metadata by which a call to another service joins the present trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ()
    return ((TRACE_PARENT, f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"),)
