"""
Where a context falls: hash version 1.

`bucket = (murmur3_x86_32(utf8(salt + value), seed 0) * 100000) >> 32`, an integer from 0 to 99,999. Integer arithmetic
only, so every language gives the same answer. The position is a fraction of the hash range (not a remainder), so
a larger share only adds contexts to it. murmur3_x86_32 is Austin Appleby's MurmurHash3.
"""

import datetime
from typing import Final

import mmh3

from mirante.evaluation.model import TOTAL_WEIGHT, AttributeValue

HASH_VERSION: Final = 1

_HASH_RANGE: Final = 1 << 32


def hash32(text: str) -> int:
    """
    Return murmur3_x86_32 of the UTF-8 bytes of `text`, seed 0, as an unsigned integer.

    Raises:
        UnicodeEncodeError: a lone surrogate, which UTF-8 cannot hold. `mmh3` must never see one: it would crash.
    """
    return mmh3.hash(text.encode(), 0, False)


def bucket(salt: str, value: str) -> int:
    """Return the bucket of a value, 0 to 99,999."""
    return (hash32(salt + value) * TOTAL_WEIGHT) >> 32


def hash_threshold(buckets: int) -> int:
    """
    Return the smallest hash that does not fall below `buckets` (0 to 100,000).

    `bucket(salt, value) < buckets` exactly when `hash32(salt + value) < hash_threshold(buckets)`: compiled rollouts
    compare hashes and save the multiplication.
    """
    return -(-(buckets * _HASH_RANGE) // TOTAL_WEIGHT)


def identity_text(value: AttributeValue) -> str | None:
    """
    Return the text by which a value is hashed and listed: a string as it is, an integer or whole double in decimal.

    A datetime counts as the string that stands for it in messages. Everything else (booleans, fractions, lists,
    integers of thousands of digits) identifies nobody: None.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return str(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return None
