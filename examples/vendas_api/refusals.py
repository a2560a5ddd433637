"""Why a request is refused, and the events of that."""

from fastapi import FastAPI, Request
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from examples.vendas_api.caller import context_of
from examples.vendas_api.events import Events
from examples.vendas_api.reports import TookTooLong


class Forbidden(Exception):
    """The caller may not do this."""


class Unacceptable(Exception):
    """A field of the request is well-formed, but not acceptable."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def add_refusals(app: FastAPI, events: Events) -> None:
    """Answer requests that are refused."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        for field in sorted({_field(each["loc"]) for each in error.errors()}):
            events.invalid(context_of(request.headers), field)
        return await request_validation_exception_handler(request, error)

    @app.exception_handler(Unacceptable)
    async def unacceptable(request: Request, error: Unacceptable) -> Response:
        events.invalid(context_of(request.headers), error.field)
        return JSONResponse({"detail": f"{error.field}: {error}"}, 422)

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, _: Forbidden) -> Response:
        events.forbidden(context_of(request.headers), _endpoint(request))
        return JSONResponse({"detail": "not for you"}, 403)

    @app.exception_handler(TookTooLong)
    async def took_too_long(request: Request, _: TookTooLong) -> Response:
        events.timed_out(context_of(request.headers), _endpoint(request))
        return JSONResponse({"detail": "this takes too long"}, 504)


def _field(location: tuple[int | str, ...]) -> str:
    return next((part for part in reversed(location) if isinstance(part, str)), "body")


def _endpoint(request: Request) -> str:
    """Return the route with the names of its parameters, not what they were."""
    return str(request.scope["route"].path)
