"""Logging in and out with a password, and who is logged in."""

import json
from typing import Any, Final

from mirante.api.flags.v1.people_service_pb2 import LogInResponse
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.admin.attempts import Attempts, client_address
from services.gateway.admin.cookies import SessionCookies
from services.gateway.admin.login_service import LoginService, login_failed
from services.gateway.admin.own_requests import OwnRequests
from services.gateway.admin.sessions import PersonSession, Sessions, id_of, person_session
from services.gateway.http.bodies import Json, parse_json, read_body
from services.gateway.http.open_connections import OpenConnections
from services.gateway.http.problems import NOT_FOUND, Problem
from services.runtime.errors import InvalidRequest

_MOST_BYTES: Final = 16 * 1024


class Logins:
    """
    The addresses below `/api` that are about sessions.

    `oidc_name` is that of the identity provider, for people; None when there is none. `streams` are those of sessions.
    """

    def __init__(
        self,
        *,
        service: LoginService,
        sessions: Sessions,
        cookies: SessionCookies,
        own_requests: OwnRequests,
        attempts: Attempts,
        streams: OpenConnections,
        takes_passwords: bool,
        oidc_name: str | None,
    ) -> None:
        self._service = service
        self._sessions = sessions
        self._cookies = cookies
        self._own_requests = own_requests
        self._attempts = attempts
        self._streams = streams
        self._takes_passwords = takes_passwords
        self._oidc_name = oidc_name

    async def options(self, _request: Request) -> Response:
        """`GET /api/login/options`."""
        return _json({"password": self._takes_passwords, "oidc": self._oidc_name})

    async def session(self, request: Request) -> Response:
        """`GET /api/session`: 401 when nobody is logged in."""
        return _json((await self._sessions.of_request(request)).document)

    async def log_in(self, request: Request) -> Response:
        """`POST /api/login`: whatever is wrong with a login and its password, the answer is the same."""
        self._own_requests.check(request)
        if not self._takes_passwords:
            raise Problem(404, NOT_FOUND, "people log in through the identity provider here")
        login, password = await _texts(request, "login", "password")
        found = await self._attempts.made(client_address(request), self._logged_in(login, password))
        return self._begun(person_session(found.secret, found.session))

    async def log_out(self, request: Request) -> Response:
        """`POST /api/logout`, without a body: 204, also when nobody was logged in."""
        self._own_requests.check_page(request)
        self._own_requests.check_mark(request)
        secret = self._cookies.read(request)
        if secret:
            await self._service.log_out(secret)
            self._end(secret)
        response = Response(status_code=204)
        self._cookies.clear(response)
        return response

    async def change_password(self, request: Request) -> Response:
        """`POST /api/password`: of who is logged in, who has to know the old one."""
        self._own_requests.check(request)
        session = await self._sessions.of_request(request)
        old, new = await _texts(request, "old_password", "new_password")
        found = await self._service.change_password(session.secret, old, new)
        self._end(session.secret)
        return self._begun(person_session(found.secret, found.session))

    async def _logged_in(self, login: str, password: str) -> LogInResponse:
        try:
            return await self._service.log_in(login, password)
        except Problem as problem:
            # A login that nobody can have is as wrong as one that nobody has.
            raise login_failed() if problem.status == 400 else problem from None

    def _begun(self, session: PersonSession) -> Response:
        response = _json(session.document)
        self._cookies.set(response, session.secret, session.expires_at)
        return response

    def _end(self, secret: str) -> None:
        self._sessions.forget(secret)
        self._streams.end_those_of(id_of(secret))


async def _texts(request: Request, *names: str) -> list[str]:
    """Return the members of a body, which has to have these and no others; raise InvalidRequest, naming them."""
    body: Json = parse_json(await read_body(request, _MOST_BYTES))
    if not isinstance(body, dict):
        raise InvalidRequest.of("body", "must be an object")
    for name in body.keys() - set(names):
        raise InvalidRequest.of(name[:100], "is not known here")
    for name in names:
        if not isinstance(body.get(name), str) or not _is_text(body[name]):
            raise InvalidRequest.of(name, "must be a text")
    return [body[name] for name in names]


def _is_text(value: str) -> bool:
    """Whether a string can be written in UTF-8; JSON can hold halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return bool(value)


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")
