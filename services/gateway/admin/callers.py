"""Who asks the admin API: a person who is logged in, or an API key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.requests import Request

from services.gateway.admin.backends import Metadata
from services.gateway.admin.own_requests import OwnRequests
from services.gateway.admin.sessions import PersonSession
from services.runtime.access import Role
from services.runtime.calls.authentication import Authenticator
from services.runtime.calls.quota import Quotas
from services.runtime.errors import PermissionDenied

_ROLES: Final = frozenset({Role.READER, Role.EDITOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """
    A caller that was let in.

    `id` is what its streams are counted by: a key's own, or a session's. `metadata` says to the services who asks.
    `remains` says whether the caller may still have what it has open; a key that is revoked is told of otherwise.
    """

    id: str
    metadata: Metadata
    remains: Callable[[], Awaitable[bool]] | None


class SessionSource(Protocol):
    """Knows the sessions."""

    async def of_request(self, request: Request) -> PersonSession:
        """Return the session of a request; raise `Problem` when there is none, or nobody can tell."""

    async def remains(self, session: PersonSession) -> bool:
        """Return whether a session is still there, and its person is who they were."""


class Callers:
    """
    Finds out who asks, and charges them.

    It decides nothing but who that is: the services say what a person or a key may do.
    """

    def __init__(
        self,
        *,
        keys: Authenticator,
        sessions: SessionSource,
        own_requests: OwnRequests,
        key_quotas: Quotas,
        person_quotas: Quotas,
        secret: str,
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._own_requests = own_requests
        self._key_quotas = key_quotas
        self._person_quotas = person_quotas
        self._secret = secret

    async def of(self, request: Request) -> ApiCaller:
        """
        Return who makes a request.

        Raises:
            ServiceError: nobody known does, the key is of a role that has nothing to do here, or a quota is used up.
            Problem: a page of another site may have made it.
        """
        self._own_requests.check_page(request)
        self._own_requests.check_type(request)
        authorization = request.headers.get("authorization")
        if authorization is not None:
            return self._key(authorization)
        self._own_requests.check_mark(request)
        session = await self._sessions.of_request(request)
        self._person_quotas.charge(session.caller)

        async def remains() -> bool:
            return await self._sessions.remains(session)

        return ApiCaller(session.id, (("authorization", f"Bearer {self._secret}"), *session.metadata), remains)

    def _key(self, authorization: str) -> ApiCaller:
        caller = self._keys.authenticate(authorization)
        if caller.role not in _ROLES:
            needed = ", ".join(sorted(role.value for role in _ROLES))
            raise PermissionDenied(f"a key of role {caller.role.value} may not do this; needed: {needed}")
        self._key_quotas.charge(caller)
        return ApiCaller(caller.key_id, (("authorization", authorization),), None)
