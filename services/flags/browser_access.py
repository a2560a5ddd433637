"""Which pages may ask the gateway about an environment, and whose tokens it believes."""

import logging
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import jwt
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2
from mirante.evaluation.model import Violation

from services.flags.access_admin import OnKeysChanged
from services.flags.store.browser_access import BrowserAccessStore, StoredBrowserAccess
from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations

_log = logging.getLogger(__name__)

MOST_ORIGINS: Final = 100
MOST_TOKEN_KEYS: Final = 20

_LONGEST: Final = 300
_ALGORITHMS: Final = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
_PORTS: Final = {"http": 80, "https": 443}


class BrowserAccessAdmin:
    """
    Reads and sets the browser access of the environments that the caller's key holds.

    Every method raises `Unavailable` when the database does not answer. Whatever is raised, nothing was changed.
    """

    def __init__(self, store: BrowserAccessStore, on_keys_changed: OnKeysChanged) -> None:
        self._store = store
        self._on_keys_changed = on_keys_changed

    async def get(self, environment: str, caller: Caller) -> StoredBrowserAccess:
        """
        Return what an environment has.

        Raises:
            PermissionDenied: the caller's key does not hold it.
            NotFound: there is no such environment.
        """
        return await self._store.browser_access(caller.environment(environment))

    async def set(
        self,
        environment: str,
        origins: Sequence[str],
        token_keys: Sequence[pb2.TokenKey],
        *,
        expected_version: int | None,
        caller: Caller,
    ) -> StoredBrowserAccess:
        """
        Replace what an environment has.

        Raises:
            InvalidRequest: an origin or a key is none, is there twice, or there are too many.
            PermissionDenied: the caller's key does not hold the environment.
            NotFound: there is no such environment.
            EtagMismatch: another version than the expected one is stored.
        """
        environment = caller.environment(environment)
        access = pb2.BrowserAccess(origins=_checked_origins(origins), token_keys=_checked_keys(token_keys))
        stored = await self._store.set_browser_access(
            environment,
            access.SerializeToString(deterministic=True),
            actor=caller.actor,
            expected_version=expected_version,
        )
        try:
            await self._on_keys_changed()
        except Exception:  # noqa: BLE001 - the change is made; gateways also look by themselves
            _log.exception("the hint of a change could not be sent")
        return stored


def normal_origin(origin: str) -> str:
    """Return an origin as browsers write it; raise ValueError when it is none."""
    parts = urlsplit(origin)
    if not origin.isascii() or " " in origin:
        raise ValueError  # browsers write names in Punycode
    if parts.scheme not in _PORTS or not parts.hostname or parts.path or parts.query or parts.fragment or "@" in origin:
        raise ValueError
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, _PORTS[parts.scheme]} else "")


def _checked_origins(origins: Sequence[str]) -> list[str]:
    if len(origins) > MOST_ORIGINS:
        raise InvalidRequest.of("origins", f"may be {MOST_ORIGINS} at most")
    found: dict[str, None] = {}
    violations: list[Violation] = []
    for number, origin in enumerate(origins):
        wrong = list(text_violations(f"origins[{number}]", origin, _LONGEST))
        violations += wrong
        if not wrong:
            try:
                found[normal_origin(origin)] = None
            except ValueError:
                violations.append(Violation(f"origins[{number}]", "is no origin such as https://app.example"))
    if violations:
        raise InvalidRequest(violations)
    return list(found)


def _checked_keys(keys: Sequence[pb2.TokenKey]) -> Sequence[pb2.TokenKey]:
    if len(keys) > MOST_TOKEN_KEYS:
        raise InvalidRequest.of("token_keys", f"may be {MOST_TOKEN_KEYS} at most")
    violations: list[Violation] = []
    ids: set[str] = set()
    for number, key in enumerate(keys):
        place = f"token_keys[{number}]"
        violations += _key_violations(key, place)
        if key.kid in ids:
            violations.append(Violation(f"{place}.kid", "is there twice"))
        ids.add(key.kid)
    if violations:
        raise InvalidRequest(violations)
    return keys


def _key_violations(key: pb2.TokenKey, place: str) -> Iterator[Violation]:
    if not key.kid:
        yield Violation(f"{place}.kid", "is required")
    yield from text_violations(f"{place}.kid", key.kid, _LONGEST)
    algorithm = _ALGORITHMS.get((key.kty, key.crv))
    if algorithm is None:
        yield Violation(place, "must be an Ed25519 key (kty OKP) or a P-256 key (kty EC)")
        return
    if key.alg not in ("", algorithm):
        yield Violation(f"{place}.alg", f"must be {algorithm}, or left out")
    if key.use not in ("", "sig"):
        yield Violation(f"{place}.use", "must be sig, or left out")
    if key.y and algorithm == "EdDSA":
        yield Violation(f"{place}.y", "is of P-256 keys alone")
    try:
        jwt.PyJWK.from_dict({"kty": key.kty, "crv": key.crv, "x": key.x, "y": key.y}, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        yield Violation(place, "is no valid key")
