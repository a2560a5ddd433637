"""Which origins and which token keys each environment has, as the flag service tells them beside the API keys."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import jwt
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2

_log = logging.getLogger(__name__)

_ALGORITHMS: Final = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A public key; `algorithm` is the only one that it is used with, whatever a token says."""

    algorithm: str
    key: Any


@dataclass(frozen=True, slots=True)
class EnvironmentAccess:
    """Of one environment: origins as browsers write them, and keys by their ids."""

    origins: frozenset[str] = frozenset()
    keys: Mapping[str, TokenKey] = field(default_factory=dict)


class BrowserAccess:
    """Of all environments. One that is not named has neither origins nor keys."""

    def __init__(self, environments: Mapping[str, EnvironmentAccess]) -> None:
        self._environments = environments
        self.origins: frozenset[str] = frozenset().union(*[each.origins for each in environments.values()])
        """Those of any environment."""

    def of(self, environment: str) -> EnvironmentAccess:
        """Return the access of an environment."""
        return self._environments.get(environment, _NOTHING)


_NOTHING: Final = EnvironmentAccess()


class Told(Protocol):
    """Where the flag service's last word is; see `KeyRegistry`."""

    @property
    def changes(self) -> int:
        """A number that grows when the word changes."""

    @property
    def browser_access(self) -> Sequence[access_pb2.BrowserAccess]:
        """Of the environments that have one."""


class FollowedBrowserAccess:
    """Keys are read when the flag service has told of a change, not with every request."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._read = 0
        self._access = BrowserAccess({})

    def current(self) -> BrowserAccess:
        """Return what was told last; nothing before that."""
        changes = self._told.changes
        if changes != self._read:
            self._access, self._read = browser_access_of(self._told.browser_access), changes
        return self._access


def browser_access_of(messages: Iterable[access_pb2.BrowserAccess]) -> BrowserAccess:
    """Return what messages say. A key of a kind that this version does not know is left out, and the log says so."""
    return BrowserAccess(
        {message.environment: EnvironmentAccess(frozenset(message.origins), _keys(message)) for message in messages}
    )


def _keys(message: access_pb2.BrowserAccess) -> Mapping[str, TokenKey]:
    found: dict[str, TokenKey] = {}
    for key in message.token_keys:
        algorithm = _ALGORITHMS.get((key.kty, key.crv))
        try:
            if algorithm is None:
                raise ValueError
            jwk = {"kty": key.kty, "crv": key.crv, "x": key.x, "y": key.y}
            found[key.kid] = TokenKey(algorithm, jwt.PyJWK.from_dict(jwk, algorithm).key)
        except (jwt.PyJWTError, ValueError, TypeError):
            _log.warning("a token key cannot be used", extra={"environment": message.environment, "kid": key.kid})
    return found
