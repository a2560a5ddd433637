"""
The API keys in memory, wherever they come from.

The flag service owns the keys and reads them from its database; other services are told them by the flag service.
"""

import datetime
import hashlib
from collections.abc import Sequence
from typing import Protocol

from services.runtime.access import Role


class KnownKey(Protocol):
    """An API key. `secret_hash` is SHA-256 of the secret's UTF-8 bytes; the secret itself is nowhere."""

    @property
    def id(self) -> str:
        """The key's own name in logs and lists."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def role(self) -> Role:
        """What it may do."""

    @property
    def environments(self) -> tuple[str, ...]:
        """Where; "*" alone means everywhere, whatever exists."""

    @property
    def everywhere(self) -> bool:
        """Whether it holds all environments, also those created later."""

    @property
    def quota_per_second(self) -> int:
        """How much; 0 means the service's default."""

    @property
    def secret_hash(self) -> bytes:
        """See `secret_hash`."""

    @property
    def revoked_at(self) -> datetime.datetime | None:
        """When it stopped being valid."""


class KeyReader(Protocol):
    """Where the keys are read. Both raise `Unavailable` when that does not answer, and work again by themselves."""

    async def api_keys_version(self) -> int:
        """Return a number that grows whenever a key is created or revoked."""

    async def api_keys(self) -> Sequence[KnownKey]:
        """Return all keys, revoked ones included."""


def secret_hash(secret: str) -> bytes:
    """Return SHA-256 of a secret. It has 256 random bits, so nothing slower is called for."""
    return hashlib.sha256(secret.encode()).digest()
