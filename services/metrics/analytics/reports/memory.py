"""How a process that runs reports holds on to memory."""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_BYTES: Final = 1 << 28


def keep_memory() -> None:
    """
    Keep freed memory in this process for its whole life, where the system's library allows it (glibc).

    Passes over arrays free and take megabytes all the time. Given back to the system each time, they have to be mapped
    and cleared anew, which costs reports a fifth of their time and keeps their threads waiting for each other.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _BYTES)
        mallopt(_TRIM_THRESHOLD, 2 * _BYTES)
