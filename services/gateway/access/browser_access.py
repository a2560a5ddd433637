"""
Which origins and which token keys each environment has.

They come from one file, which holds nothing secret:

    {"environments": {"production": {
        "origins": ["https://app.vendas.example"],
        "keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "x": "..."}]}}}

`keys` are JSON Web Keys (RFC 7517) of the backends that sign browser tokens; `mirante.browser_tokens` prints them.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from services.runtime.settings import SettingsError

_log = logging.getLogger(__name__)

_ALGORITHMS: Final = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
_PORTS: Final = {"http": 80, "https": 443}


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


@dataclass(frozen=True, slots=True)
class BrowserAccess:
    """Of all environments. One that is not named has neither origins nor keys."""

    environments: Mapping[str, EnvironmentAccess] = field(default_factory=dict)

    @property
    def origins(self) -> frozenset[str]:
        """Those of any environment."""
        return frozenset().union(*[each.origins for each in self.environments.values()])

    def of(self, environment: str) -> EnvironmentAccess:
        """Return the access of an environment."""
        return self.environments.get(environment, _NOTHING)


_NOTHING: Final = EnvironmentAccess()


class BrowserAccessFile:
    """
    The file, read again when it has changed.

    One that is damaged while the gateway runs leaves what was read before, and says so in the log.
    """

    def __init__(self, path: Path, *, required: bool) -> None:
        """Read it; raise SettingsError when it cannot be used, or is missing and `required`."""
        self._path = path
        self._seen: int | None = None
        self.current = BrowserAccess()
        try:
            self.current, self._seen = self._read(), self._changed_at()
        except FileNotFoundError:
            if required:
                raise SettingsError("MIRANTE_BROWSER_ACCESS: the file does not exist") from None
        except OSError as error:
            raise SettingsError(f"MIRANTE_BROWSER_ACCESS: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise SettingsError(f"MIRANTE_BROWSER_ACCESS: {error}") from None

    def refresh(self) -> None:
        """Read the file if it has changed."""
        try:
            changed_at = self._changed_at()
            if changed_at == self._seen:
                return
            self._seen = changed_at
            self.current = self._read()
        except (OSError, ValueError) as error:
            _log.warning("the file of browser access cannot be used: going on as before", extra={"error": str(error)})

    def _read(self) -> BrowserAccess:
        return parse_browser_access(self._path.read_text(encoding="utf-8"))

    def _changed_at(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return self._seen


def parse_browser_access(text: str) -> BrowserAccess:
    """Return what a file says; raise ValueError, naming the place, when it cannot be used."""
    document = json.loads(text)
    environments = _fields(document, "the file", {"environments"}).get("environments", {})
    if not isinstance(environments, dict):
        raise ValueError("environments: must be an object")
    return BrowserAccess({name: _environment(found, name) for name, found in environments.items()})


def normal_origin(origin: str) -> str:
    """Return an origin as browsers write it; raise ValueError when it is none."""
    parts = urlsplit(origin)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path or parts.query or parts.fragment or "@" in origin:
        raise ValueError(f"{origin!r} is no origin such as https://app.example")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, _PORTS[parts.scheme]} else "")


def _environment(found: object, name: str) -> EnvironmentAccess:
    fields = _fields(found, name, {"origins", "keys"})
    origins, keys = fields.get("origins", []), fields.get("keys", [])
    if not isinstance(origins, list) or not all(isinstance(each, str) for each in origins):
        raise ValueError(f"{name}.origins: must be a list of texts")
    if not isinstance(keys, list):
        raise ValueError(f"{name}.keys: must be a list of JSON Web Keys")
    by_id: dict[str, TokenKey] = {}
    for number, each in enumerate(keys):
        place = f"{name}.keys[{number}]"
        key_id, key = _key(each, place)
        if key_id in by_id:
            raise ValueError(f"{place}.kid: is there twice")
        by_id[key_id] = key
    return EnvironmentAccess(frozenset(normal_origin(each) for each in origins), by_id)


def _key(found: object, place: str) -> tuple[str, TokenKey]:
    if not isinstance(found, dict):
        raise ValueError(f"{place}: must be a JSON Web Key")
    if "d" in found:
        raise ValueError(f"{place}: is a private key, which belongs to the signing backend alone")
    key_id = found.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise ValueError(f"{place}.kid: is required")
    algorithm = _ALGORITHMS.get((str(found.get("kty")), str(found.get("crv"))))
    if algorithm is None:
        raise ValueError(f"{place}: must be an Ed25519 or a P-256 key")
    try:
        return key_id, TokenKey(algorithm, jwt.PyJWK.from_dict(found, algorithm).key)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ValueError(f"{place}: is no valid key") from None


def _fields(found: object, place: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{place}: must be an object")
    unknown = found.keys() - known
    if unknown:
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} is not known")
    return found
