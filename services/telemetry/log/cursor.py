"""
Cursors: a position in the log as opaque bytes, signed, so that damaged and foreign ones are told from good ones.

A cursor is a version (1 byte), the epoch (16), the transaction (8, big-endian), the order in it (4) and 16 bytes of
HMAC-SHA256 over all that and the environment.
"""

import hashlib
import hmac
import struct
import uuid
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest, StateConflict
from services.telemetry.log import Position

_VERSION: Final = 1
_CONTENT: Final = struct.Struct(">B16sQI")
_SIGNATURE_BYTES: Final = 16


def issue(secret: bytes, environment: str, epoch: uuid.UUID, position: Position) -> bytes:
    """Return the cursor of a position in an environment; `secret` is the installation's `hash_secret`."""
    content = _CONTENT.pack(_VERSION, epoch.bytes, position.xid, position.order)
    return content + _signature(secret, environment, content)


def read(secret: bytes, environment: str, cursor: bytes) -> tuple[uuid.UUID, Position]:
    """
    Return the epoch and the position in a cursor.

    Raises:
        InvalidRequest: it was not issued for this environment with this secret, or was damaged (INVALID_CURSOR).
    """
    content, signature = cursor[: _CONTENT.size], cursor[_CONTENT.size :]
    if len(signature) == _SIGNATURE_BYTES and hmac.compare_digest(signature, _signature(secret, environment, content)):
        version, epoch, xid, order = _CONTENT.unpack(content)
        if version == _VERSION:
            return uuid.UUID(bytes=epoch), Position(xid, order)
    raise InvalidRequest.of(
        "cursor",
        "was not issued by this service for this environment, or was damaged; begin without one",
        reason=reasons.ERROR_REASON_INVALID_CURSOR,
    )


def of_another_epoch() -> StateConflict:
    """Return the error for a position from before a restore."""
    return StateConflict(
        "the log was restored since the cursor was issued: begin anew without one",
        reason=reasons.ERROR_REASON_CURSOR_OF_ANOTHER_EPOCH,
    )


def _signature(secret: bytes, environment: str, content: bytes) -> bytes:
    # NUL is in no environment's key, so no other pair joins to the same bytes.
    message = b"\0".join((b"cursor", environment.encode(), content))
    return hmac.digest(secret, message, hashlib.sha256)[:_SIGNATURE_BYTES]
