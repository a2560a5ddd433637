"""
Resume tokens: where a subscriber stands, signed, so that a revision that it shows is proof that there was one.

A token is the revision (8 bytes, big-endian), 16 bytes of HMAC-SHA256, and the lineage in UTF-8.
"""

import hashlib
import hmac
import struct
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest

Position = tuple[str, int]
"""Lineage and revision."""

_SIGNATURE_BYTES: Final = 16
_HEAD: Final = struct.Struct(f">Q{_SIGNATURE_BYTES}s")
_MOST_BYTES: Final = 200


def issue(secret: bytes, environment: str, position: Position) -> bytes:
    """Return the token of a position in an environment."""
    lineage, revision = position
    return _HEAD.pack(revision, _signature(secret, environment, position)) + lineage.encode()


def read(secret: bytes, environment: str, token: bytes) -> Position:
    """
    Return the position in a token.

    Raises:
        InvalidRequest: the token was not issued for this environment with this secret, or was damaged.
    """
    if _HEAD.size < len(token) <= _MOST_BYTES:
        revision, signature = _HEAD.unpack_from(token)
        position = (token[_HEAD.size :].decode(errors="replace"), revision)
        if hmac.compare_digest(signature, _signature(secret, environment, position)):
            return position
    raise InvalidRequest.of(
        "subscribe.resume_token",
        "was not issued by this service for this environment, or was damaged; subscribe without one",
        reason=reasons.ERROR_REASON_INVALID_RESUME_TOKEN,
    )


def _signature(secret: bytes, environment: str, position: Position) -> bytes:
    lineage, revision = position
    message = b"\0".join((environment.encode(), lineage.encode(), str(revision).encode()))
    return hmac.digest(secret, message, hashlib.sha256)[:_SIGNATURE_BYTES]
