"""Who an event is about: the text it is stored under, and the keyed hashes that stand for people."""

import hashlib
import hmac
from typing import Final

USER: Final = "u:"
ANONYMOUS: Final = "a:"

_ACTOR_BYTES: Final = 16


def subject_of(user_id: str, anonymous_id: str) -> str:
    """Return the subject of an event: the user if known, else the anonymous id; empty when neither is."""
    if user_id:
        return USER + user_id
    return ANONYMOUS + anonymous_id if anonymous_id else ""


def subject_hash(secret: bytes, environment: str, tenant: str, subject: str) -> bytes:
    """
    Return the 32 bytes that name a subject where the subject itself must not stand: HMAC-SHA256 (RFC 2104).

    Args:
        secret: the installation's `hash_secret`.
        environment: of the events.
        tenant: of the events.
        subject: as `subject_of` returns it.
    """
    return hmac.digest(secret, b"\x00".join([b"subject", *_parts(environment, tenant, subject)]), hashlib.sha256)


def actor_id(secret: bytes, environment: str, tenant: str, subject: str) -> bytes:
    """Return the 16 bytes that readers know a subject by; empty for no subject. Another key than `subject_hash`."""
    if not subject:
        return b""
    message = b"\x00".join([b"actor", *_parts(environment, tenant, subject)])
    return hmac.digest(secret, message, hashlib.sha256)[:_ACTOR_BYTES]


def _parts(environment: str, tenant: str, subject: str) -> list[bytes]:
    # None of them may hold NUL, so no two lists join to the same bytes.
    return [environment.encode(), tenant.encode(), subject.encode()]
