"""What a service writes: all of it into a file, what somebody should see also to the terminal."""

import json
import logging.handlers
from collections.abc import Callable
from pathlib import Path

_FILE_BYTES = 4 * 1024 * 1024
_SHOWN = {"WARNING", "ERROR", "CRITICAL"}


class ServiceLog:
    """
    The log of one service under `folder`, one old file beside it.

    Lines are JSON objects with `level` and `message`; other lines come from before logging was set up or from a crash,
    and are always shown.
    """

    def __init__(self, name: str, folder: Path, show: Callable[[str], None]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{name}.log"
        self._name = name
        self._show = show
        self._file = logging.handlers.RotatingFileHandler(self.path, maxBytes=_FILE_BYTES, backupCount=1)

    def write(self, line: str) -> None:
        """Take one line, without its end."""
        self._file.emit(logging.LogRecord("", logging.INFO, "", 0, line, None, None))
        seen = worth_showing(line)
        if seen is not None:
            self._show(f"{self._name}: {seen}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def worth_showing(line: str) -> str | None:
    """Return what a person at the terminal is told about a log line, if anything."""
    try:
        record = json.loads(line)
        level, message = str(record["level"]).upper(), str(record["message"])
    except (ValueError, KeyError, TypeError):
        return line.rstrip() or None
    return f"{level.lower()}: {message}" if level in _SHOWN else None
