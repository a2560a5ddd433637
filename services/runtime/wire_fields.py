"""
Fields of messages written directly, so that what is serialised already is not parsed in order to be serialised again.

Encoding of length-delimited fields: protobuf.dev/programming-guides/encoding. Serialised messages may be joined: the
result is the merged message, whose repeated fields follow one another.
"""

from typing import Final

_LENGTH_DELIMITED: Final = 2


def bytes_field(number: int, payload: bytes) -> bytes:
    """Return a field that holds bytes, a string or a message. `number` is below 16."""
    return bytes((number << 3 | _LENGTH_DELIMITED,)) + varint(len(payload)) + payload


def varint(value: int) -> bytes:
    """Return a non-negative integer in base 128, lowest digits first."""
    return _SHORT[value] if value < _MOST_SHORT else _varint(value)


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


_MOST_SHORT: Final = 1 << 11
_SHORT: Final = [_varint(value) for value in range(_MOST_SHORT)]
"""Lengths of most messages, worked out once."""
