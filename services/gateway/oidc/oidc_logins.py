"""`/api/login/oidc`: to the provider, and back with a session."""

import logging
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.admin.attempts import Attempts, client_address
from services.gateway.admin.cookies import SessionCookies
from services.gateway.admin.login_service import LoginService
from services.gateway.admin.sessions import person_session
from services.gateway.http.problems import Problem
from services.gateway.oidc.attempts import SECONDS, Attempt, AttemptSigner, new_attempt
from services.gateway.oidc.identities import ClaimRules, identity_of, tells_role
from services.gateway.oidc.provider import Provider

_log = logging.getLogger(__name__)

PATH: Final = "/api/login/oidc"
CALLBACK_PATH: Final = f"{PATH}/callback"
_COOKIE: Final = "mirante_login"
_MOST_CODE_CHARACTERS: Final = 4_096


class OidcLogins:
    """Leads browsers through a login. What goes wrong ends on the dashboard's page for it, `/login?problem=REASON`."""

    def __init__(
        self,
        *,
        provider: Provider,
        rules: ClaimRules,
        service: LoginService,
        cookies: SessionCookies,
        signer: AttemptSigner,
        attempts: Attempts,
        secure: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._service = service
        self._cookies = cookies
        self._signer = signer
        self._attempts = attempts
        self._secure = secure
        self._clock = clock

    async def begin(self, request: Request) -> Response:
        """`GET /api/login/oidc?return_to=/flags`: to the provider."""
        attempt = new_attempt(request.query_params.get("return_to", "/"))
        try:
            response = _to(await self._provider.login_address(attempt))
        except Problem as problem:
            return self._failed(problem)
        self._keep(response, self._signer.sign(attempt, self._clock()), SECONDS)
        return response

    async def end(self, request: Request) -> Response:
        """`GET /api/login/oidc/callback?code=...&state=...`: back, with a session."""
        state = request.query_params.get("state", "")
        attempt = self._signer.read(request.cookies.get(_COOKIE, ""), state, self._clock())
        try:
            if attempt is None:
                raise Problem(400, "LOGIN_EXPIRED", "the login took too long, or was begun in another browser")
            response = await self._attempts.made(client_address(request), self._logged_in(request, attempt))
        except Problem as problem:
            response = self._failed(problem)
        self._keep(response, "", 0)
        return response

    async def _logged_in(self, request: Request, attempt: Attempt) -> Response:
        code = request.query_params.get("code", "")
        if not code or len(code) > _MOST_CODE_CHARACTERS:
            raise Problem(401, "LOGIN_FAILED", "the identity provider sent no code")
        claims = await self._provider.claims(code, attempt, is_enough=lambda found: tells_role(found, self._rules))
        answer = await self._service.log_in_with_identity(identity_of(claims, self._rules))
        session = person_session(answer.secret, answer.session)
        response = _to(attempt.return_to)
        self._cookies.set(response, session.secret, session.expires_at)
        return response

    def _failed(self, problem: Problem) -> Response:
        _log.warning("a login through the identity provider failed: %s", problem.detail)
        return _to(f"/login?{urlencode({'problem': problem.reason})}")

    def _keep(self, response: Response, value: str, seconds: int) -> None:
        # Lax: the browser comes back from the provider's site, and has to bring it.
        response.set_cookie(
            _COOKIE, value, max_age=seconds, path=PATH, secure=self._secure, httponly=True, samesite="lax"
        )


def _to(address: str) -> Response:
    return Response(status_code=303, headers={"Location": address})
