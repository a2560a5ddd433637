"""
How events are written to a file. Pure.

A file begins with MAGIC. A record is its length and its CRC-32 (4 bytes each, little endian), then as many bytes: one
for the kind, the rest is the body. Files are only appended to, so that a process that was killed leaves at most a torn
last record.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mirante.telemetry.records import Kind
from mirante.telemetry.values import LARGEST_EVENT

MAGIC: Final = b"MIREVT1\n"
_HEAD: Final = struct.Struct("<II")
_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a file holds. `damaged` says that something in it is neither a record nor a torn last one."""

    records: list[tuple[Kind, bytes]]
    damaged: bool


def encode(records: Iterable[tuple[Kind, bytes]]) -> bytes:
    """Return the records as they are appended to a file."""
    parts: list[bytes] = []
    for kind, body in records:
        payload = bytes((kind,)) + body
        parts += (_HEAD.pack(len(payload), zlib.crc32(payload)), payload)
    return b"".join(parts)


def size_of(body: bytes) -> int:
    """Return how many bytes a record with this body takes."""
    return _HEAD.size + 1 + len(body)


def scan(data: bytes) -> Scan:
    """
    Return the records of a whole file.

    A damaged record is passed over when its length leads to the next one; otherwise what follows is lost.
    """
    if not data.startswith(MAGIC):
        # A process may be killed before it has written the beginning.
        return Scan([], damaged=not MAGIC.startswith(data))
    records: list[tuple[Kind, bytes]] = []
    at, end, damaged = len(MAGIC), len(data), False
    while end - at >= _HEAD.size:
        length, crc = _HEAD.unpack_from(data, at)
        begin, after = at + _HEAD.size, at + _HEAD.size + length
        if not 1 <= length <= LARGEST_EVENT + 1:
            # Zeros are what a file system may leave of a write when the power fails.
            return Scan(records, damaged or any(data[at:]))
        if after > end:
            break
        payload = data[begin:after]
        if zlib.crc32(payload) == crc and payload[0] in _KINDS:
            records.append((Kind(payload[0]), payload[1:]))
        elif after < end:
            damaged = True
        at = after
    return Scan(records, damaged)
