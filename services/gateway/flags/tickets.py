"""
Tickets for event streams: `EventSource` can send no key, so the address of a stream carries leave to open it.

A ticket opens a stream that says only "ask again", is bound to a key and an environment, and is signed by what all
gateways share. It stays the same for a day, so that clients keep their stream when they ask again.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final

from services.runtime.errors import Unauthenticated

_DAY_SECONDS: Final = 86_400
_VALID_DAYS: Final = 7
_MOST_CHARACTERS: Final = 2_048
_PURPOSE: Final = b"mirante gateway event streams 1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a stream may tell of: an environment, for a key; `visible_only` for public ones."""

    environment: str
    key_id: str
    visible_only: bool


class Tickets:
    """Issues and reads tickets. `secret` is the internal key, from which the key of the signature is derived."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)

    def issue(self, ticket: Ticket, now: float) -> str:
        """Return the ticket as a text that fits into an address."""
        last_day = int(now // _DAY_SECONDS) + _VALID_DAYS
        content = json.dumps([ticket.environment, ticket.key_id, ticket.visible_only, last_day], separators=(",", ":"))
        packed = base64.urlsafe_b64encode(content.encode())
        return f"{packed.decode().rstrip('=')}.{self._signature(packed.rstrip(b'='))}"

    def read(self, text: str, now: float) -> Ticket:
        """Return what a ticket holds; raise Unauthenticated when it is forged or too old."""
        packed, _, signature = text.partition(".")
        if len(text) > _MOST_CHARACTERS or not text.isascii():
            raise Unauthenticated("ticket: is malformed")
        if not hmac.compare_digest(signature, self._signature(packed.encode())):
            raise Unauthenticated("ticket: is forged or malformed; ask for the flags again")
        try:
            environment, key_id, visible_only, last_day = json.loads(base64.urlsafe_b64decode(packed + "=="))
        except (binascii.Error, ValueError, TypeError):
            raise Unauthenticated("ticket: is malformed") from None
        if now // _DAY_SECONDS > last_day:
            raise Unauthenticated("ticket: is too old; ask for the flags again")
        return Ticket(environment, key_id, visible_only)

    def _signature(self, packed: bytes) -> str:
        digest = hmac.digest(self._key, packed, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
