"""
What is done with personal data before it is stored. Pure.

Doing it again changes nothing: a hash is known by its form, and a masked text has nothing more to mask.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Final, TypeAlias

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

Properties: TypeAlias = MutableMapping[str, value_pb2.Value]
Hide: TypeAlias = Callable[[Properties], bool]
"""Changes the properties of an event in place; returns whether it did."""

_PREFIX: Final = "h1:"
"""Of this way of hashing."""
_DIGITS: Final = 32
_HASHED: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}", re.ASCII)
_VISIBLE: Final = 2


def hiding(definition: pb2.PropertyDefinition, secret: bytes, environment: str) -> Hide | None:
    """
    Return what hides a property; None for one that is stored as it is.

    A list or map where a text should be cannot be hashed or masked, and is left out.

    Args:
        definition: of the property.
        secret: the installation's `hash_secret`.
        environment: of the events; equal values of two environments have different hashes.
    """
    name = definition.name
    if definition.personal_data == pb2.PERSONAL_DATA_DROP:
        return partial(_drop, name)
    if definition.personal_data == pb2.PERSONAL_DATA_HASH:
        prefix = b"\x00".join([b"property", environment.encode(), b""])
        return _rewriting(name, lambda text: hashed(text, secret, prefix))
    if definition.personal_data == pb2.PERSONAL_DATA_MASK:
        return _rewriting(name, masked)
    return None


def hashed(text: str, secret: bytes, prefix: bytes) -> str:
    """Return the keyed hash of a text: HMAC-SHA256 (RFC 2104), the first 128 bits; of a hash, itself."""
    if _HASHED.fullmatch(text):
        return text
    return _PREFIX + hmac.digest(secret, prefix + text.encode(), hashlib.sha256).hex()[:_DIGITS]


def masked(text: str) -> str:
    """Return the text with all but its last two characters replaced by '*'."""
    return "*" * (len(text) - _VISIBLE) + text[-_VISIBLE:]


def is_hashed(value: value_pb2.Value) -> bool:
    """Return whether a value has the form of a hash."""
    return _HASHED.fullmatch(value.string_value) is not None


def _drop(name: str, properties: Properties) -> bool:
    # `pop` of a protobuf map adds what is not there.
    if name not in properties:
        return False
    del properties[name]
    return True


def _rewriting(name: str, rewrite: Callable[[str], str]) -> Hide:
    def hide(properties: Properties) -> bool:
        if name not in properties:
            return False
        value = properties[name]
        kind = value.WhichOneof("kind")
        size = value.ByteSize()
        if not size:
            return False
        # A kind of value that only newer clients know is no kind here, but holds what it holds.
        if kind is None or kind in ("list_value", "map_value"):
            del properties[name]
            return True
        value.DiscardUnknownFields()
        text = value.string_value if kind == "string_value" else str(getattr(value, kind))
        hidden = rewrite(text)
        if kind == "string_value" and hidden == text:
            return value.ByteSize() != size
        value.string_value = hidden
        return True

    return hide
