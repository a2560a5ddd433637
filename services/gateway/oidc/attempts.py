"""
What a browser keeps between going to the provider and coming back: a signed cookie that lives for minutes.

By it the answer belongs to the browser that asked (state), the token to this login (nonce), and the code is worth
nothing to anybody else (PKCE, RFC 7636).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import jwt

SECONDS: Final = 600
_PURPOSE: Final = b"mirante gateway oidc 1"
_ALGORITHM: Final = "HS256"
_MOST_CHARACTERS: Final = 4_096
_MOST_PATH_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that has begun; `return_to` is the page of the dashboard that it began on."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def new_attempt(return_to: str) -> Attempt:
    """Return an attempt like no other; it returns to the first page when `return_to` is not one of ours."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(state, nonce, verifier, return_to if is_own_path(return_to) else "/")


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent there stays here."""
    if len(path) > _MOST_PATH_CHARACTERS or not path.isascii() or not path.isprintable():
        return False
    # Browsers take a backslash for a slash, and two slashes for the beginning of a host.
    return path.startswith("/") and not path.replace("\\", "/").startswith("//")


class AttemptSigner:
    """Signs attempts, with a key that all gateways derive from their internal key."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)

    def sign(self, attempt: Attempt, now: float) -> str:
        """Return the cookie."""
        content = {"s": attempt.state, "n": attempt.nonce, "v": attempt.verifier, "r": attempt.return_to}
        return jwt.encode(content | {"exp": int(now) + SECONDS}, self._key, _ALGORITHM)

    def read(self, cookie: str, state: str, now: float) -> Attempt | None:
        """Return the attempt that an answer with this state belongs to; None when there is none."""
        if len(cookie) > _MOST_CHARACTERS:
            return None
        try:
            found = jwt.decode(
                cookie, self._key, algorithms=[_ALGORITHM], options={"require": ["exp"], "verify_exp": False}
            )
            attempt = Attempt(found["s"], found["n"], found["v"], found["r"])
        except (jwt.PyJWTError, KeyError, ValueError):
            return None
        is_meant = hmac.compare_digest(attempt.state.encode(), state.encode(errors="replace"))
        return attempt if is_meant and now < found["exp"] else None
