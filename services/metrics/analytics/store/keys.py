"""
The keys of a segment: actor, time and name of every row, as plain arrays in a file of their own.

What goes over all rows of many events (funnels, retention, series) reads 18 bytes a row from memory that the system
shares among processes, without decoding anything. The file is the three arrays, the names as JSON, and their length.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.uint16]

ROW_BYTES: Final = 8 + 8 + 2
MOST_NAMES: Final = 2**16
"""Of one segment."""

_LENGTH: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Keys:
    """The arrays, of equal length. `names[code]` is the name of a row's event; times are microseconds since 1970."""

    actor: Integers
    time: Integers
    code: Codes
    names: Sequence[str]


def encoded_keys(keys: Keys) -> bytes:
    """Return the content of the file. There are at most `MOST_NAMES` names."""
    names = json.dumps(list(keys.names)).encode()
    return b"".join(
        (
            keys.actor.astype("<i8", copy=False).tobytes(),
            keys.time.astype("<i8", copy=False).tobytes(),
            keys.code.astype("<u2", copy=False).tobytes(),
            names,
            _LENGTH.pack(len(names)),
        )
    )


def open_keys(file: Path, rows: int) -> Keys:
    """
    Return the keys in a file, mapped into memory.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged.
    """
    # The file is closed and stays mapped: thousands may be open at a time.
    with pa.memory_map(str(file)) as opened:
        content = opened.read_buffer()
    end = len(content) - _LENGTH.size
    if end < 0:
        raise ValueError(f"{file.name} is cut short")
    (length,) = _LENGTH.unpack_from(content, end)
    if end - length != rows * ROW_BYTES:
        raise ValueError(f"{file.name} does not hold {rows} rows")
    return Keys(
        actor=np.frombuffer(content, "<i8", rows, 0),
        time=np.frombuffer(content, "<i8", rows, rows * 8),
        code=np.frombuffer(content, "<u2", rows, rows * 16),
        names=json.loads(content[end - length : end].to_pybytes()),
    )
