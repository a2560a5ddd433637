"""
What the service and the processes that run reports say to each other: frames over pipes.

A frame is the length of its head and of its body, the head as JSON, and the body as it is.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, Final, NamedTuple

LENGTHS: Final = struct.Struct("<II")


class Frame(NamedTuple):
    """A head of plain data and a body."""

    head: Mapping[str, Any]
    body: bytes = b""


def encoded(frame: Frame) -> bytes:
    """Return a frame as bytes."""
    head = json.dumps(frame.head, separators=(",", ":")).encode()
    return LENGTHS.pack(len(head), len(frame.body)) + head + frame.body


def decoded(head: bytes, body: bytes) -> Frame:
    """Return the frame of these parts."""
    return Frame(json.loads(head), body)


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read a frame; None when the stream has ended. Blocking."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    content = stream.read(head + body)
    if len(content) < head + body:
        return None
    return decoded(content[:head], content[head:])
