"""Signatures of messages, as Standard Webhooks has them (github.com/standard-webhooks/standard-webhooks). Pure."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """Return a secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return a secret as its receiver is given it."""
    return _PREFIX + base64.b64encode(secret).decode()


def signed_headers(secret: bytes, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """
    Return the headers of a message.

    Args:
        secret: of the webhook.
        message_id: the same for every attempt.
        at: when it is sent, in seconds since 1970.
        body: exactly as it is sent.
    """
    digest = hmac.new(secret, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
