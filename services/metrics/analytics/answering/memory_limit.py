"""
How much memory a process that runs reports may use, beside what it needs to be there.

Linux counts it for the whole process; elsewhere only DuckDB bounds itself.
"""

import sys
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")


def limit_memory(more_bytes: int) -> None:
    """Let this process have so much more writable memory of its own than it has now; then allocations fail."""
    data = _status("VmData")
    if data is None:
        return
    import resource  # noqa: PLC0415 - not on Windows

    most = data + more_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def held_bytes() -> int:
    """Return how much memory of its own this process holds now; 0 where the system does not say."""
    return _status("RssAnon") or 0


def _status(name: str) -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    for line in _STATUS.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return None
