"""The last place where a failed request can still be answered."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.http.problems import Problem, internal_problem, problem_of, problem_response
from services.runtime.errors import ServiceError

_log = logging.getLogger(__name__)


class Failures:
    """Turns what a request raises into its problem. A fault of ours is logged, and told without its cause."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            problem = found_problem(error)
            if begun:
                raise
            await problem_response(problem)(scope, receive, send)


def found_problem(error: Exception) -> Problem:
    """Return the problem that an exception stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ServiceError):
        return problem_of(error)
    _log.error("a request failed", exc_info=error)
    return internal_problem()
