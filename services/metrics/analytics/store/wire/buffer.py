"""Bytes of many messages, read at many places at once. Pure."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]

PADDING: Final = bytes(64)
"""Stands after the bytes, so that words may be read beyond their end."""

ABSENT: Final = -1
"""Length of a text that is not there."""

_INLINE: Final = 12
"""Texts as long as that stand in a view themselves."""
_LONGEST_VARINT: Final = 10
_FIVE_BYTES: Final = np.uint64(0x80_8080_8080)
_FOUR_CONTINUED: Final = np.uint64(0x8080_8080)


def _mask(size: int) -> int:
    return (1 << 8 * max(0, min(size, 8))) - 1


_FIRST_FOUR: Final = np.array([_mask(min(size, 4)) for size in range(_INLINE + 1)], np.uint64)
_NEXT_EIGHT: Final = np.array([_mask(size - 4) for size in range(_INLINE + 1)], np.uint64)
_FIRST_EIGHT: Final = np.array([_mask(size) for size in range(9)], np.uint64)
_SHIFT: Final = np.uint64(32)


class Buffer:
    """Some bytes; `places` are offsets in them."""

    def __init__(self, content: bytes) -> None:
        padded = content + PADDING
        self.size = len(content)
        self.bytes = np.frombuffer(padded, np.uint8)
        self._source = pa.py_buffer(padded)
        # A word begins at every byte.
        self._words: Words = np.ndarray((len(padded) - 7,), "<u8", padded, 0, (1,))

    def words(self, places: Places) -> Words:
        """Return the 8 bytes from each place on, as little-endian numbers."""
        return self._words[places]

    def slice(self, start: int, length: int) -> bytes:
        """Return some of the bytes."""
        return self.bytes[start : start + length].tobytes()

    def varints(self, places: Places) -> tuple[Places, Places]:
        """Return the varint at each place, as signed numbers of 64 bits, and where it ends; -1 where there is none."""
        byte = self.bytes[places]
        value = (byte & 0x7F).astype(np.int64)
        end = places + 1
        going = np.flatnonzero(byte >= 0x80)
        shift = 7
        while len(going):
            at = end[going]
            # What runs on beyond the end has no end.
            if shift >= 7 * _LONGEST_VARINT or int(at.max()) >= len(self.bytes):
                end[going], value[going] = -1, 0
                break
            byte = self.bytes[at]
            value[going] |= (byte & np.uint8(0x7F)).astype(np.int64) << shift
            end[going] = at + 1
            going = going[byte >= 0x80]
            shift += 7
        return value, end

    def long_varints(self, places: Places) -> tuple[Places, Places]:
        """Do as `varints`; quick for what takes 5 bytes, as times do."""
        word = self.words(places)
        usual = (word & _FIVE_BYTES) == _FOUR_CONTINUED
        value = (word & np.uint64(0x7F)).astype(np.int64)
        for byte in range(1, 5):
            value |= ((word >> np.uint64(byte)) & np.uint64(0x7F << 7 * byte)).astype(np.int64)
        end = places + 5
        if not usual.all():
            others = np.flatnonzero(~usual)
            value[others], end[others] = self.varints(places[others])
        return value, end

    def numbers(self, places: Places, lengths: Places) -> Words:
        """Return the first 8 bytes of each stretch as a big-endian number; what is shorter is followed by zeros."""
        word = self.words(np.maximum(places, 0)) & _FIRST_EIGHT[np.clip(lengths, 0, 8)]
        return word.byteswap()

    def texts(self, places: Places, lengths: Places) -> Any:
        """Return texts of UTF-8 as a `pyarrow.DictionaryArray`, null where the length is ABSENT."""
        present = lengths >= 0
        if not present.all():
            some = np.flatnonzero(present)
            encoded = self.texts(places[some], lengths[some])
            codes = np.full(len(places), -1, np.int32)
            codes[some] = encoded.indices.to_numpy()
            return coded(codes, encoded.dictionary)
        encoded = self.stretches(places, lengths)
        return pa.DictionaryArray.from_arrays(encoded.indices, as_text(encoded.dictionary))

    def stretches(self, places: Places, lengths: Places) -> Any:
        """Return stretches of bytes as a `pyarrow.DictionaryArray`; no length is below 0."""
        short = np.minimum(lengths, _INLINE)
        views = np.empty((len(places), 2), np.uint64)
        prefix = self.words(places) & _FIRST_FOUR[short]
        views[:, 0] = (prefix << _SHIFT) | lengths.astype(np.uint64)
        inline = self.words(places + 4) & _NEXT_EIGHT[short]
        # Of longer texts: the number of the buffer, which is 0, and the place in it.
        views[:, 1] = np.where(lengths > _INLINE, places.astype(np.uint64) << _SHIFT, inline)
        array = pa.Array.from_buffers(pa.binary_view(), len(places), [None, pa.py_buffer(views), self._source])
        return array.dictionary_encode()


def coded(codes: npt.NDArray[np.int32], dictionary: Any) -> Any:
    """Return a `pyarrow.DictionaryArray` of indices; those below 0 are null."""
    missing = codes < 0
    # Arrow follows indices of nulls too when it joins dictionaries: below 0 it reads what is not theirs.
    indices = pa.array(np.maximum(codes, 0), mask=missing) if missing.any() else pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def as_text(values: Any) -> Any:
    """Return binary values as strings; what is not UTF-8 has U+FFFD in place of what is not."""
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.as_py().decode(errors="replace") for value in values], pa.string())
