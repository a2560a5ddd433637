"""Who calls, from the metadata of the call, and whether that role may make it."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from typing import Final, Protocol
from urllib.parse import unquote

from services.runtime.access import Caller, Role
from services.runtime.errors import PermissionDenied
from services.runtime.telemetry.trace_context import Headers

AUTHORIZATION: Final = "authorization"
ACTOR: Final = "x-mirante-actor"
"""The person for whom an internal key acts: UTF-8, percent-encoded. Ignored from all other keys."""

_MOST_ACTOR_CHARACTERS: Final = 200

Roles = Mapping[str, Set[Role]]
"""Who may call what, by full method name ("/mirante.api.flags.v1.EvaluationService/EvaluateFlag")."""


class Authenticator(Protocol):
    """Knows the API keys."""

    def authenticate(self, authorization: str | None) -> Caller:
        """
        Return whose key an authorization header ("Bearer SECRET") holds. Never waits.

        Raises:
            Unauthenticated: there is none, it is malformed, or the key is unknown or revoked.
            Unavailable: the keys are not known yet.
        """


class Entrance:
    """Lets calls in: the key has to be known and its role has to be allowed. What the table does not name is denied."""

    def __init__(self, authenticator: Authenticator, roles: Roles) -> None:
        self._authenticator = authenticator
        self._roles = roles

    def of(self, method: str) -> Callable[[Headers], Caller]:
        """
        Return the function that returns the caller of a call of this method, from its metadata.

        It raises:
            Unauthenticated: see `Authenticator`.
            PermissionDenied: the role may not call this method.
            Unavailable: see `Authenticator`.
        """
        # A tuple, because an Enum's members hash slowly and compare by identity.
        authenticate, allowed = self._authenticator.authenticate, tuple(self._roles.get(method, ()))

        def admit(headers: Headers) -> Caller:
            authorization = headers.get(AUTHORIZATION)
            caller = authenticate(authorization if authorization.__class__ is str else None)
            if caller.role not in allowed:
                raise _denied(method, caller.role, allowed)
            if ACTOR in headers and caller.role is Role.INTERNAL:
                return replace(caller, actor=_actor(headers[ACTOR]) or caller.actor)
            return caller

        return admit


def _denied(method: str, role: Role, allowed: Iterable[Role]) -> PermissionDenied:
    return PermissionDenied(
        f"a key of role {role.value} may not call {method.rpartition('/')[2]}",
        metadata={"role": role.value, "needed": ", ".join(sorted(needed.value for needed in allowed))},
    )


def _actor(encoded: str | bytes) -> str:
    text = unquote(encoded.decode(errors="replace") if isinstance(encoded, bytes) else encoded)
    return "".join(character for character in text if character.isprintable()).strip()[:_MOST_ACTOR_CHARACTERS]
