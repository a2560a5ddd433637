"""The sessions of people, as the flag service knows them, remembered for a moment."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from mirante.api.flags.v1 import people_service_pb2 as people_pb2
from starlette.requests import Request

from services.gateway.admin.backends import Metadata
from services.gateway.admin.cookies import SessionCookies
from services.gateway.admin.login_service import LoginService
from services.gateway.http.problems import LOGIN_REQUIRED, Problem, session_ended
from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import ACTOR, ACTOR_ROLE

FRESH_SECONDS: Final = 3.0
"""For how long an answer stands: what another gateway ended, or an admin took away, is noticed after this."""

_MOST_REMEMBERED: Final = 10_000
_MOST_CHARACTERS: Final = 512
_ROLES: Final = {
    people_pb2.PERSON_ROLE_VIEWER: ("viewer", Role.READER),
    people_pb2.PERSON_ROLE_EDITOR: ("editor", Role.EDITOR),
    people_pb2.PERSON_ROLE_ADMIN: ("admin", Role.ADMIN),
}
_SOURCES: Final = {people_pb2.PERSON_SOURCE_OIDC: "oidc"}


@dataclass(frozen=True, slots=True)
class PersonSession:
    """
    A session.

    `id` names it without giving it away. `metadata` says to the services for whom they are called, `caller` is the
    person as quotas count them, and `document` is what the dashboard is told.
    """

    id: str
    secret: str = field(repr=False)
    expires_at: float
    metadata: Metadata
    caller: Caller
    document: dict[str, Any]


class Sessions:
    """Asks the flag service, once for all requests that come together."""

    def __init__(
        self, logins: LoginService, cookies: SessionCookies, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logins = logins
        self._cookies = cookies
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, PersonSession | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[PersonSession | None]] = {}

    async def of_request(self, request: Request) -> PersonSession:
        """
        Return the session of a request.

        Raises:
            Problem: there is none, it has ended, or the flag service does not answer.
        """
        secret = self._cookies.read(request)
        if not secret:
            raise Problem(401, LOGIN_REQUIRED, "nobody is logged in")
        found = await self._of(secret)
        if found is None:
            raise session_ended()
        return found

    async def remains(self, session: PersonSession) -> bool:
        """
        Return whether a session is still there, and its person has the role that they had.

        While nobody can tell, it is there until it has to end.
        """
        try:
            found = await self._of(session.secret)
        except Problem:
            return time.time() < session.expires_at
        return found is not None and found.metadata == session.metadata

    def forget(self, secret: str) -> None:
        """Ask anew when this one is used again: it has just ended."""
        session_id = id_of(secret)
        self._known.pop(session_id, None)
        self._asking.pop(session_id, None)

    async def _of(self, secret: str) -> PersonSession | None:
        if len(secret) > _MOST_CHARACTERS:
            return None
        session_id = id_of(secret)
        until, found = self._known.get(session_id, (0.0, None))
        if self._clock() < until:
            return found
        asking = self._asking.get(session_id)
        if asking is None:
            asking = self._asking[session_id] = asyncio.create_task(self._ask(session_id, secret))
            asking.add_done_callback(_looked_at)
        return await asyncio.shield(asking)

    async def _ask(self, session_id: str, secret: str) -> PersonSession | None:
        try:
            answer = await self._logins.session(secret)
            found = None if answer is None else person_session(secret, answer)
            # One that was forgotten meanwhile may have ended since the answer was given.
            if self._asking.get(session_id) is asyncio.current_task():
                self._known[session_id] = (self._clock() + FRESH_SECONDS, found)
                self._known.move_to_end(session_id)
                if len(self._known) > _MOST_REMEMBERED:
                    self._known.popitem(last=False)
            return found
        finally:
            if self._asking.get(session_id) is asyncio.current_task():
                del self._asking[session_id]


def _looked_at(task: "asyncio.Task[PersonSession | None]") -> None:
    """Look at how a question ended, which nobody else does when all who asked have gone."""
    if not task.cancelled():
        task.exception()


def id_of(secret: str) -> str:
    """Return the name of a session: by it nobody can use it."""
    return "session:" + hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def person_session(secret: str, session: people_pb2.Session) -> PersonSession:
    """
    Return a session as the gateway uses it.

    Raises:
        Problem: its person has a role that this gateway does not know.
    """
    person = session.person
    if person.role not in _ROLES:
        raise Problem(403, "ROLE_DENIED", "your role is one that this gateway does not know")
    name, role = _ROLES[person.role]
    return PersonSession(
        id=id_of(secret),
        secret=secret,
        expires_at=session.expires_at.ToNanoseconds() / 1e9,
        metadata=((ACTOR, quote(person.login, safe="@")), (ACTOR_ROLE, name)),
        caller=Caller(f"person:{person.id}", person.login, role, frozenset(session.environments)),
        document={
            "person": {
                "login": person.login,
                "name": person.name,
                "role": name,
                "source": _SOURCES.get(person.source, "local"),
            },
            "environments": sorted(session.environments),
            "expires_at": session.expires_at.ToJsonString(),
        },
    )
