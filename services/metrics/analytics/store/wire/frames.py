"""Takes responses of `FollowEvents` apart into entries, without looking into the events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

_ENTRIES: Final = log_pb2.FollowEventsResponse.DESCRIPTOR.fields_by_name["entries"].number << 3 | 2
_EVENT: Final = log_pb2.LogEntry.DESCRIPTOR.fields_by_name["event"].number << 3 | 2
_LONGEST: Final = 10
_MORE: Final = 0x80
"""From here on a byte of a varint is followed by another one."""


@dataclass(slots=True)
class Frames:
    """
    Entries of the log, in its order.

    Attributes:
        content: bytes in which the events are.
        starts, ends: of each `StoredEvent` in them.
        ordinals: of each event, the how-manieth entry it is, from 0 on.
        others: entries that are not events, with the how-manieth they are.
        entries: how many there are.
        cursor: behind them.
        at_end: whether nothing more was committed when the last of them were read.
        complete_us: what was committed before this time is in them, or stands before; microseconds since 1970, 0 when
            that is not said.
    """

    content: bytes = b""
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    others: list[tuple[int, log_pb2.LogEntry]] = field(default_factory=list)
    entries: int = 0
    cursor: bytes = b""
    at_end: bool = False
    complete_us: int = 0


def frames_of(responses: Sequence[bytes]) -> Frames:
    """
    Return the entries of serialised responses.

    Raises:
        DecodeError: one of them is none.
    """
    frames = Frames(content=b"".join(responses))
    base = 0
    for response in responses:
        _add(frames, response, base)
        base += len(response)
    return frames


def _add(frames: Frames, response: bytes, base: int) -> None:  # noqa: PLR0912 - see within
    place, size = 0, len(response)
    add_start, add_end, add_ordinal = frames.starts.append, frames.ends.append, frames.ordinals.append
    ordinal = frames.entries
    try:
        # What takes a microsecond here takes a tenth of all time, so lengths of two bytes are read in place.
        while place < size and response[place] == _ENTRIES:
            length = response[place + 1]
            place += 2
            if length >= _MORE:
                high = response[place]
                place += 1
                if high < _MORE:
                    length += (high << 7) - _MORE
                else:
                    length, place = _varint(response, place - 2)
            end = place + length
            if end <= size and length and response[place] == _EVENT:
                inner = response[place + 1]
                start = place + 2
                if inner >= _MORE:
                    high = response[start]
                    start += 1
                    if high < _MORE:
                        inner += (high << 7) - _MORE
                    else:
                        inner, start = _varint(response, start - 2)
                is_plain = start + inner == end
            else:
                is_plain = False
            if is_plain:
                add_start(base + start)
                add_end(base + end)
                add_ordinal(ordinal)
            else:
                _add_other(frames, response[place:end], ordinal)
            ordinal += 1
            place = end
    except IndexError:
        raise DecodeError("a response is cut short") from None
    frames.entries = ordinal
    if place > size:
        raise DecodeError("a response is cut short")
    rest = log_pb2.FollowEventsResponse.FromString(response[place:])
    for entry in rest.entries:
        _add_other(frames, entry.SerializeToString(), frames.entries)
        frames.entries += 1
    frames.cursor, frames.at_end = rest.cursor, rest.at_end
    if rest.at_end:
        frames.complete_us = rest.read_at.ToMicroseconds()


def _add_other(frames: Frames, content: bytes, ordinal: int) -> None:
    entry = log_pb2.LogEntry.FromString(content)
    if entry.WhichOneof("kind") != "event":
        frames.others.append((ordinal, entry))
        return
    # An event in an unusual encoding.
    event = entry.event.SerializeToString()
    frames.starts.append(len(frames.content))
    frames.content += event
    frames.ends.append(len(frames.content))
    frames.ordinals.append(ordinal)


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    for at in range(place, place + _LONGEST):
        byte = content[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
    raise DecodeError("a length has no end")
