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
"""The login of the person for whom an internal key acts: UTF-8, percent-encoded. Ignored from all other keys."""
ACTOR_ROLE: Final = "x-mirante-actor-role"
"""That person's role, "viewer", "editor" or "admin". Always beside `ACTOR`."""

_MOST_ACTOR_CHARACTERS: Final = 200
_ROLES_OF_PEOPLE: Final = {"viewer": Role.READER, "editor": Role.EDITOR, "admin": Role.ADMIN}

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
    """
    Lets calls in: the key has to be known and its role has to be allowed. What the table does not name is denied.

    An internal key that acts for a person has that person's role and none of its own; it keeps its environments.
    """

    def __init__(self, authenticator: Authenticator, roles: Roles) -> None:
        self._authenticator = authenticator
        self._roles = roles

    def of(self, method: str) -> Callable[[Headers], Caller]:
        """
        Return the function that returns the caller of a call of this method, from its metadata.

        It raises:
            Unauthenticated: see `Authenticator`.
            PermissionDenied: the role may not call this method, or an internal key does not say whom it acts for.
            Unavailable: see `Authenticator`.
        """
        # A tuple, because an Enum's members hash slowly and compare by identity.
        authenticate, allowed = self._authenticator.authenticate, tuple(self._roles.get(method, ()))
        internal = Role.INTERNAL

        def admit(headers: Headers) -> Caller:
            authorization = headers.get(AUTHORIZATION)
            caller = authenticate(authorization if authorization.__class__ is str else None)
            if caller.role is internal and (ACTOR in headers or ACTOR_ROLE in headers):
                caller = _acting(caller, headers)
            if caller.role not in allowed:
                raise _denied(method, caller.role, allowed)
            return caller

        return admit


def _denied(method: str, role: Role, allowed: Iterable[Role]) -> PermissionDenied:
    return PermissionDenied(
        f"a key of role {role.value} may not call {method.rpartition('/')[2]}",
        metadata={"role": role.value, "needed": ", ".join(sorted(needed.value for needed in allowed))},
    )


def _acting(caller: Caller, headers: Headers) -> Caller:
    """Return the person for whom an internal key acts. Half of the two headers is refused, not guessed at."""
    login, sent = _actor(headers.get(ACTOR, "")), headers.get(ACTOR_ROLE)
    role = _ROLES_OF_PEOPLE.get(sent) if isinstance(sent, str) else None
    if not login:
        raise PermissionDenied(f"{ACTOR}: is required beside {ACTOR_ROLE}", metadata={"role": caller.role.value})
    if role is None:
        raise PermissionDenied(
            f"{ACTOR_ROLE}: must be viewer, editor or admin beside {ACTOR}", metadata={"role": caller.role.value}
        )
    return replace(caller, actor=login, role=role)


def _actor(encoded: str | bytes) -> str:
    text = unquote(encoded.decode(errors="replace") if isinstance(encoded, bytes) else encoded)
    return "".join(character for character in text if character.isprintable()).strip()[:_MOST_ACTOR_CHARACTERS]
