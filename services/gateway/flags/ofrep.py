"""OFREP 0.3.0: one flag, all flags, and the notice that answers may have changed."""

import time
from collections.abc import Callable
from typing import Any, Final

from mirante.evaluation import Context, Evaluation, EvaluationError, error_evaluation, evaluate
from mirante.evaluation.ruleset import Ruleset
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.access.entrance import Admitted, Entrance
from services.gateway.flags.answers import answer, encoded, entity_tag, matches, status_of
from services.gateway.flags.contexts import MOST_BYTES, read_context
from services.gateway.flags.environments import Environments
from services.gateway.flags.tickets import Ticket, Tickets
from services.gateway.http.bodies import parse_json, read_body
from services.gateway.http.failures import found_problem
from services.gateway.http.problems import problem_response
from services.runtime.access import Role
from services.runtime.calls.quota import Quotas

_EVERYBODY: Final = frozenset(Role)
_FLAG_COST: Final = 0.05
"""Of a request, for each flag of a bulk evaluation, as in the flag service."""
_SILENCE_SECONDS: Final = 120
"""As OFREP's default: a page in the background closes its stream after this long."""
EVENTS_PATH: Final = "/ofrep/v1/events"


class Ofrep:
    """Answers from rules in memory. No I/O but the request's own."""

    def __init__(
        self,
        entrance: Entrance,
        environments: Environments,
        tickets: Tickets,
        quotas: Quotas,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entrance = entrance
        self._environments = environments
        self._tickets = tickets
        self._quotas = quotas
        self._clock = clock

    async def one(self, request: Request) -> Response:
        """`POST /ofrep/v1/evaluate/flags/{key}`."""
        key = request.path_params["key"]
        try:
            admitted, ruleset, context = await self._asked(request)
        except Exception as error:  # noqa: BLE001 - told in OFREP's words
            return _refused(error, key=key)
        found = answer(_seen(ruleset, admitted, key, context, self._clock()))
        return _json(encoded(found), status_of(found))

    async def all(self, request: Request) -> Response:
        """`POST /ofrep/v1/evaluate/flags`: 304 when the client has the answers already."""
        try:
            admitted, ruleset, context = await self._asked(request)
        except Exception as error:  # noqa: BLE001 - told in OFREP's words
            return _refused(error)
        keys, now = _visible_keys(ruleset, admitted), self._clock()
        self._quotas.owe(admitted.caller, len(keys) * _FLAG_COST)
        body = encoded(
            {
                "flags": [answer(_seen(ruleset, admitted, key, context, now)) for key in keys],
                "eventStreams": [self._event_stream(admitted, now)],
            }
        )
        tag = entity_tag(admitted.environment, context, body)
        if matches(request.headers.getlist("if-none-match"), tag):
            return Response(status_code=304, headers={"ETag": tag})
        return _json(body, 200, {"ETag": tag})

    async def _asked(self, request: Request) -> tuple[Admitted, Ruleset, Context]:
        admitted = self._entrance.admit(request, _EVERYBODY)
        ruleset = self._environments.of(admitted.environment).ruleset()
        body = await read_body(request, MOST_BYTES)
        # An empty body is an empty context, as in flagd.
        return admitted, ruleset, read_context(parse_json(body), len(body)) if body else {}

    def _event_stream(self, admitted: Admitted, now: float) -> dict[str, Any]:
        ticket = self._tickets.issue(
            Ticket(admitted.environment, admitted.caller.key_id, visible_only=admitted.is_browser), now
        )
        return {
            "type": "sse",
            "endpoint": {"requestUri": f"{EVENTS_PATH}?ticket={ticket}"},
            "inactivityDelaySec": _SILENCE_SECONDS,
        }


def _seen(ruleset: Ruleset, admitted: Admitted, key: str, context: Context, now: float) -> Evaluation:
    """Evaluate a flag as the caller may see it."""
    if admitted.is_browser:
        flag = ruleset.flags.get(key)
        if flag is None or not flag.client_visible:
            return error_evaluation(ruleset, key, EvaluationError.FLAG_NOT_FOUND, "flag_key: no such flag")
    return evaluate(ruleset, key, context, now)


def _visible_keys(ruleset: Ruleset, admitted: Admitted) -> list[str]:
    if admitted.is_browser:
        return sorted(flag.key for flag in ruleset.flags.values() if flag.client_visible)
    return sorted(ruleset.flags.keys() | ruleset.broken.keys())


def _json(body: bytes, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")


def _refused(error: Exception, **extra: str) -> Response:
    """Return a problem that OFREP's clients understand as well: with `errorCode` and `errorDetails`."""
    problem = found_problem(error)
    code = "GENERAL"
    if problem.status == 400:
        in_context = any(field.startswith("context") for field, _ in problem.violations)
        code = "INVALID_CONTEXT" if in_context else "PARSE_ERROR"
    return problem_response(problem, errorCode=code, errorDetails=problem.detail, **extra)
