"""Lets requests in: the API key, its role, its environment, its quota, and the origin of the page that asks."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection

from services.gateway.access.browser_access import BrowserAccess
from services.gateway.http.problems import ORIGIN_DENIED, Problem
from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import Authenticator
from services.runtime.calls.quota import Quotas
from services.runtime.errors import PermissionDenied

API_KEY: Final = "x-api-key"
ENVIRONMENT: Final = "x-mirante-environment"
TOKEN: Final = "x-mirante-token"  # noqa: S105 - the name of a header

ENVIRONMENT_STATE: Final = "mirante_environment"
"""Where the scope remembers the environment of a request that was let in; CORS asks for it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller, and the environment that the request means."""

    caller: Caller
    environment: str

    @property
    def is_browser(self) -> bool:
        """Whether the key is public, and sees only what is meant for everybody."""
        return self.caller.role is Role.BROWSER


class Entrance:
    """Knows the keys, the quotas and the origins."""

    def __init__(self, keys: Authenticator, quotas: Quotas, access: Callable[[], BrowserAccess]) -> None:
        self._keys = keys
        self._quotas = quotas
        self._access = access

    def admit(self, request: HTTPConnection, roles: Set[Role], *, key: str = "", environment: str = "") -> Admitted:
        """
        Let a request in, and charge it.

        Args:
            request: with the key in `Authorization: Bearer KEY` or `X-API-Key: KEY`.
            roles: that may make it.
            key: the secret, where a request carries it elsewhere.
            environment: the one that is meant, where a request names it elsewhere.

        Raises:
            ServiceError: see `Authenticator`, `Quotas` and `Caller.environment`.
            Problem: the page that asks is of an origin that the environment does not have.
        """
        caller = self._keys.authenticate(_authorization(request, key))
        if caller.role not in roles:
            needed = ", ".join(sorted(role.value for role in roles))
            raise PermissionDenied(f"a key of role {caller.role.value} may not do this; needed: {needed}")
        environment = caller.environment(environment or request.headers.get(ENVIRONMENT, ""))
        self.check_origin(request, environment)
        request.scope[ENVIRONMENT_STATE] = environment
        self._quotas.charge(caller)
        return Admitted(caller, environment)

    def check_origin(self, request: HTTPConnection, environment: str | None) -> None:
        """
        Check the page that asks; requests of no browser have no origin. None stands for any environment.

        Raises:
            Problem: the origin is not allowed.
        """
        origin = request.headers.get("origin")
        if origin is None or is_own_origin(request, origin):
            return
        access = self._access()
        allowed = access.origins if environment is None else access.of(environment).origins
        if origin not in allowed:
            raise Problem(403, ORIGIN_DENIED, "origin: pages of this origin may not use this environment")


def is_own_origin(request: HTTPConnection, origin: str) -> bool:
    """Whether a page came from this gateway itself: then its host is the one that is asked."""
    _, separator, host = origin.partition("://")
    return bool(separator) and host == request.headers.get("host")


def _authorization(request: HTTPConnection, key: str) -> str | None:
    if key:
        return f"Bearer {key}"
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return authorization
    key = request.headers.get(API_KEY, "")
    return f"Bearer {key}" if key else None
