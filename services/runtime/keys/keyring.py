"""The API keys, in memory: a call is let in without any I/O, also while the database is away."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.access import Caller
from services.runtime.errors import Unauthenticated, Unavailable
from services.runtime.keys import KeyReader, KnownKey, secret_hash

_log = logging.getLogger(__name__)

_MOST_REMEMBERED: Final = 10_000
_MOST_CHARACTERS: Final = 512


@dataclass(frozen=True, slots=True)
class _Key:
    caller: Caller
    revoked: bool


class KeyRing:
    """
    Knows all keys as of the last refresh.

    `on_revoked` is told the id of every key that stops being valid, and has to close what the key has open.
    """

    def __init__(self, reader: KeyReader, on_revoked: Callable[[str], None]) -> None:
        self._reader = reader
        self._on_revoked = on_revoked
        self._version: int | None = None
        self._keys: dict[bytes, _Key] = {}
        self._valid_ids: set[str] = set()
        # The headers that were let in, so that a secret is hashed once and not at every call.
        self._let_in: dict[str, Caller] = {}

    async def refresh(self) -> None:
        """
        Read the keys if they have changed.

        Raises:
            Unavailable: the keys cannot be read; they stay as they are.
        """
        version = await self._reader.api_keys_version()
        if version == self._version:
            return
        keys = {
            key.secret_hash: _Key(_caller(key), key.revoked_at is not None) for key in await self._reader.api_keys()
        }
        valid = _valid(keys)
        gone = self._valid_ids - valid
        self._keys, self._valid_ids, self._version, self._let_in = keys, valid, version, {}
        for key_id in sorted(gone):
            _log.info("key revoked", extra={"key_id": key_id})
            self._on_revoked(key_id)

    @property
    def knows_keys(self) -> bool:
        """Whether the keys were ever read."""
        return self._version is not None

    def is_valid(self, key_id: str) -> bool:
        """Whether a key, by its id, is known and was not revoked."""
        return key_id in self._valid_ids

    def authenticate(self, authorization: str | None) -> Caller:
        """See `Authenticator`."""
        caller = self._let_in.get(authorization) if authorization is not None else None
        if caller is not None:
            return caller
        if self._version is None:
            raise Unavailable("the service is starting", reason=reasons.ERROR_REASON_NOT_READY)
        if authorization is None:
            raise Unauthenticated("authorization: no API key was sent; send the metadata 'authorization: Bearer KEY'")
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret or len(secret) > _MOST_CHARACTERS:
            raise Unauthenticated("authorization: must be 'Bearer KEY'")
        # Looked up by hash: how long that takes tells nothing about the secret.
        key = self._keys.get(secret_hash(secret))
        if key is None:
            raise Unauthenticated("authorization: the API key is unknown")
        if key.revoked:
            raise revoked_error()
        if len(self._let_in) >= _MOST_REMEMBERED:
            self._let_in.clear()
        self._let_in[authorization] = key.caller
        return key.caller


def revoked_error() -> Unauthenticated:
    """Return what callers with a revoked key are told."""
    return Unauthenticated("authorization: the API key was revoked", reason=reasons.ERROR_REASON_REVOKED_KEY)


def _caller(key: KnownKey) -> Caller:
    environments = frozenset(key.environments)
    return Caller(key.id, key.name, key.role, environments, key.quota_per_second, key.everywhere)


def _valid(keys: dict[bytes, _Key]) -> set[str]:
    return {key.caller.key_id for key in keys.values() if not key.revoked}
