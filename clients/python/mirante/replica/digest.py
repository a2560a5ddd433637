"""The digest by which subscriber and service agree on what is held: `Transfer.digest` of `flag_sync_service.proto`."""

import hashlib
from collections.abc import Iterable
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["flag", "segment"]

_MODULUS = 1 << 64


def digest_term(kind: Kind, key: str, version: int) -> int:
    """Return what one definition adds: the first 8 bytes, little-endian, of SHA-256 over "KIND/KEY@VERSION"."""
    return int.from_bytes(hashlib.sha256(f"{kind}/{key}@{version}".encode()).digest()[:8], "little")


def digest_after(digest: int, *, without: Iterable[int], plus: Iterable[int]) -> int:
    """Return the digest after terms went and others came."""
    return (digest - sum(without) + sum(plus)) % _MODULUS


def digest_of(definitions: Iterable[tuple[Kind, str, int]]) -> int:
    """Return the digest of (kind, key, version) of everything held."""
    return digest_after(0, without=(), plus=[digest_term(*definition) for definition in definitions])
