"""Who somebody is, by the claims of the provider, and which role these claims mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.gateway.http.problems import Problem

ROLES: Final[Mapping[str, pb2.PersonRole.ValueType]] = {
    "viewer": pb2.PERSON_ROLE_VIEWER,
    "editor": pb2.PERSON_ROLE_EDITOR,
    "admin": pb2.PERSON_ROLE_ADMIN,
}
"""From the least to the most."""

_MOST_CHARACTERS: Final = 200
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """
    What claims mean.

    `login` names the claim that people are known by. `role` names the one that says what they may do, perhaps below
    others ("realm_access.roles"); empty leaves roles to our own admins. `roles` are its values; of several the highest
    counts. `default_role` is for whose claim means nothing; empty refuses them.
    """

    login: str
    role: str
    roles: Mapping[str, str]
    default_role: str


def identity_of(claims: Claims, rules: ClaimRules) -> pb2.LogInWithIdentityRequest:
    """
    Return who logs in.

    Args:
        claims: verified, with `iss` and `sub`.
        rules: what they mean.

    Raises:
        Problem: they do not say who that is, or that this one may come in; LOGIN_FAILED or NO_ROLE.
    """
    login = claims.get(rules.login)
    if not isinstance(login, str) or not login or len(login) > _MOST_CHARACTERS:
        raise Problem(403, "LOGIN_FAILED", f"the identity provider does not tell the claim {rules.login}")
    if rules.login == "email" and claims.get("email_verified") is False:
        raise Problem(403, "LOGIN_FAILED", "the identity provider has not verified the address")
    name = claims.get("name")
    return pb2.LogInWithIdentityRequest(
        issuer=claims["iss"],
        subject=claims["sub"],
        login=login,
        name=name if isinstance(name, str) and len(name) <= _MOST_CHARACTERS else "",
        role=_role(claims, rules),
    )


def tells_role(claims: Claims, rules: ClaimRules) -> bool:
    """Whether the claims hold all that the rules look at."""
    return rules.login in claims and (not rules.role or _value(claims, rules.role) is not None)


def _role(claims: Claims, rules: ClaimRules) -> pb2.PersonRole.ValueType:
    if not rules.role:
        return pb2.PERSON_ROLE_UNSPECIFIED
    told = _value(claims, rules.role)
    values: Sequence[Any] = told if isinstance(told, list) else [told]
    meant = {rules.roles[each] for each in values if isinstance(each, str) and each in rules.roles}
    highest = max(meant, key=list(ROLES).index, default=rules.default_role)
    if not highest:
        raise Problem(403, "NO_ROLE", "the identity provider gives you no role here")
    return ROLES[highest]


def _value(claims: Claims, path: str) -> Any:
    if path in claims:
        return claims[path]  # a claim may be an address, with dots in it
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
