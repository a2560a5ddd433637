"""The fields of many messages at once. Pure."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.wire.buffer import ABSENT, Buffer, Flags, Places

Bytes: TypeAlias = npt.NDArray[np.uint8]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Types on the wire."""

_MOST_FIELDS: Final = 400
"""Of one message: an event has 255 properties at most."""
_MOST_NUMBER: Final = 255


class Fields:
    """
    All fields of some messages.

    Attributes:
        messages: how many there are.
        message: of each field, the index of its message; fields of one message are in their order.
        number: of each field; what is greater than 254 is 255.
        wire: the type of each.
        start, length: where its value is; of a varint, its bytes.
        odd: of each message, whether it is not what it should be. Of such a one there may be fields or not.
    """

    def __init__(self, buffer: Buffer, starts: Places, ends: Places) -> None:
        self.messages = len(starts)
        self.odd: Flags = np.zeros(len(starts), bool)
        steps: list[tuple[Places, Bytes, Bytes, Places, Places]] = []
        message: Places = np.flatnonzero(starts < ends)
        place = starts[message]
        while len(message):
            if len(steps) == _MOST_FIELDS:
                self.odd[message] = True
                break
            tag, at = buffer.varints(place)
            wire = (tag & 7).astype(np.uint8)
            number = np.minimum(tag >> 3, _MOST_NUMBER).astype(np.uint8)
            start, length = _values(buffer, wire, at)
            end = ends[message]
            fits = (length >= 0) & (length <= end - start) & (tag > 7) & (at > 0)
            if not fits.all():
                self.odd[message[~fits]] = True
                kept = np.flatnonzero(fits)
                message, end = message[kept], end[kept]
                number, wire, start, length = number[kept], wire[kept], start[kept], length[kept]
            steps.append((message, number, wire, start, length))
            place = start + length
            going = place < end
            if not going.all():
                left = np.flatnonzero(going)
                message, place = message[left], place[left]
        none = np.empty(0, np.int64)
        self.message: Places = np.concatenate([none, *[step[0] for step in steps]])
        self.number: Bytes = np.concatenate([none.astype(np.uint8), *[step[1] for step in steps]])
        self.wire: Bytes = np.concatenate([none.astype(np.uint8), *[step[2] for step in steps]])
        self.start: Places = np.concatenate([none, *[step[3] for step in steps]])
        self.length: Places = np.concatenate([none, *[step[4] for step in steps]])

    def bytes(self, number: int, *, once: bool = False) -> tuple[Places, Places]:
        """
        Return, of each message, where a field's bytes are; the length is ABSENT where there are none.

        Of several in one message it is the last one, as protobuf has it for texts. Messages would be joined: with
        `once` what has several is odd.
        """
        starts, lengths = np.zeros(self.messages, np.int64), np.full(self.messages, ABSENT, np.int64)
        found = np.flatnonzero(self.number == number)
        self._check(found, BYTES)
        message = self.message[found]
        starts[message], lengths[message] = self.start[found], self.length[found]
        if once and len(found) != int((lengths >= 0).sum()):
            self.odd[np.bincount(message, minlength=self.messages) > 1] = True
        return starts, lengths

    def varints(self, number: int, buffer: Buffer) -> Places:
        """Return, of each message, the varint in a field; 0 where there is none."""
        values = np.zeros(self.messages, np.int64)
        found = np.flatnonzero(self.number == number)
        if len(found):
            self._check(found, VARINT)
            values[self.message[found]], _ = buffer.varints(self.start[found])
        return values

    def all(self, number: int) -> tuple[Places, Places, Places]:
        """Return the message, the place and the length of every field of a number."""
        found = np.flatnonzero(self.number == number)
        self._check(found, BYTES)
        return self.message[found], self.start[found], self.length[found]

    def _check(self, found: npt.NDArray[np.intp], wire: int) -> None:
        wrong = self.wire[found] != wire
        if wrong.any():
            self.odd[self.message[found[wrong]]] = True


def _values(buffer: Buffer, wire: Bytes, at: Places) -> tuple[Places, Places]:
    """Return where the values of fields are; a length below 0 says that it is none."""
    if (wire == BYTES).all():
        length, start = buffer.varints(at)
        length[start < 0] = -1
        return start, length
    start, length = at.copy(), np.full(len(at), -1, np.int64)
    texts = np.flatnonzero(wire == BYTES)
    length[texts], start[texts] = buffer.varints(at[texts])
    length[texts[start[texts] < 0]] = -1
    numbers = np.flatnonzero(wire == VARINT)
    _, ends = buffer.varints(at[numbers])
    length[numbers] = np.where(ends < 0, -1, ends - at[numbers])
    length[wire == FIXED64] = 8
    length[wire == FIXED32] = 4
    return start, length
