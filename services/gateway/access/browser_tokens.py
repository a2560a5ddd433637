"""Tokens by which a vendas backend says who sits at a browser: JWTs, signed by a key of the environment."""

from dataclasses import dataclass
from typing import Any, Final

import jwt

from services.gateway.access.browser_access import EnvironmentAccess
from services.gateway.http.problems import INVALID_TOKEN, TOKEN_EXPIRED, Problem

AUDIENCE: Final = "mirante"
LONGEST_SECONDS: Final = 3_600
"""A token that lives longer is refused: it could not be taken back."""

_MOST_CHARACTERS: Final = 4_096
_MOST_BYTES: Final = {"tenant": 100, "sub": 200}
"""As in `event.proto`."""
_LEEWAY_SECONDS: Final = 10
_REQUIRED: Final = ("aud", "exp", "iat", "sub", "env", "tenant")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a token stands for, and until when (seconds since 1970)."""

    environment: str
    tenant: str
    user: str
    expires_at: float


def read_token(token: str, access: EnvironmentAccess, environment: str, now: float) -> Visitor:
    """
    Return who a token stands for.

    Args:
        token: in compact form.
        access: the keys of the environment that the caller's API key opens.
        environment: its name.
        now: seconds since 1970.

    Raises:
        Problem: the token is malformed, forged, expired, lives too long, or is for another environment or audience.
    """
    if len(token) > _MOST_CHARACTERS:
        raise _invalid(f"is longer than {_MOST_CHARACTERS} characters")
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        raise _invalid("is not a JSON Web Token") from None
    key = access.keys.get(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise _invalid("is signed by a key that this environment does not know")
    claims = _verified(token, key.key, key.algorithm)
    _check_times(claims, now)
    for name, most in _MOST_BYTES.items():
        value = claims[name]
        if not isinstance(value, str) or not value or len(value.encode(errors="replace")) > most or "\0" in value:
            raise _invalid(f"{name} must be a text of 1 to {most} bytes")
    if claims["env"] != environment:
        raise _invalid("is for another environment than the API key", status=403)
    return Visitor(environment, claims["tenant"], claims["sub"], float(claims["exp"]) + _LEEWAY_SECONDS)


def expired() -> Problem:
    """Return the problem of a token that was good before."""
    return Problem(401, TOKEN_EXPIRED, "token: has expired; ask the backend for a new one")


def _verified(token: str, key: Any, algorithm: str) -> dict[str, Any]:
    # Times are checked by our own clock below.
    options: Any = {"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        return jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, options=options)
    except jwt.InvalidAudienceError:
        raise _invalid(f"is for another audience than {AUDIENCE}", status=403) from None
    except jwt.MissingRequiredClaimError as error:
        raise _invalid(f"lacks the claim {error.claim}") from None
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        raise _invalid("has a wrong signature") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _invalid("cannot be read") from None


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires, not_before = claims["iat"], claims["exp"], claims.get("nbf", claims["iat"])
    for each in (issued, expires, not_before):
        if isinstance(each, bool) or not isinstance(each, int | float) or not 0 <= each < 1e12:
            raise _invalid("has times that are no numbers of seconds since 1970")
    if expires - issued > LONGEST_SECONDS:
        raise _invalid(f"is valid for more than {LONGEST_SECONDS} s")
    if max(issued, not_before) > now + _LEEWAY_SECONDS:
        raise _invalid("is not valid yet")
    if expires + _LEEWAY_SECONDS <= now:
        raise expired()


def _invalid(detail: str, status: int = 401) -> Problem:
    return Problem(status, INVALID_TOKEN, f"token: {detail}")
