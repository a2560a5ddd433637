"""One file of the spool."""

import contextlib
import os
from pathlib import Path

from mirante.telemetry.records import Kind
from mirante.telemetry.spool.framing import MAGIC, Scan, encode, scan


class Segment:
    """
    Is appended to until it is complete, read once from beginning to end, and deleted when all its events are answered.

    `held` counts its records, `answered` those that are done with; `size` is in bytes. Errors are OSErrors.
    """

    def __init__(self, path: Path, generation: int) -> None:
        self.path = path
        self.generation = generation
        self.held = 0
        self.answered = 0
        self.size = 0
        self.read = 0
        self.damaged = False
        self._file: int | None = None

    @classmethod
    def create(cls, path: Path, generation: int) -> "Segment":
        """Return a new file to append to."""
        segment = cls(path, generation)
        segment._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            segment._write(MAGIC)
        except OSError:
            segment.remove()
            raise
        return segment

    @classmethod
    def found(cls, path: Path) -> "Segment":
        """Return a file of a process that is gone, with its records counted."""
        segment = cls(path, 0)
        scanned = segment._scan()
        segment.size = path.stat().st_size
        segment.held, segment.damaged = len(scanned.records), scanned.damaged
        return segment

    @property
    def complete(self) -> bool:
        """Whether nothing more is appended."""
        return self._file is None

    @property
    def finished(self) -> bool:
        """Whether all that it held, or will hold, is answered."""
        return self.complete and self.answered >= self.held

    def append(self, records: list[tuple[Kind, bytes]]) -> None:
        """Write records to the page cache: they survive this process, though not a power cut."""
        try:
            self._write(encode(records))
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(self.path, self.size)
            raise
        self.held += len(records)

    def unread(self) -> list[tuple[Kind, bytes]]:
        """Return the records that were not returned before; fewer than there should be, if they are gone."""
        try:
            records = self._scan().records[self.read : self.held]
        except OSError:
            records = []
        self.read += len(records)
        return records

    def give_up_unread(self) -> int:
        """Return how many records cannot be read back, and forget them."""
        lost = self.held - self.read
        self.held = self.read
        self.damaged = self.damaged or lost > 0
        return lost

    def close(self) -> None:
        """Append nothing more."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def remove(self) -> None:
        """Delete the file; one that is damaged is set aside, for people to look at."""
        self.close()
        if self.damaged:
            with contextlib.suppress(FileNotFoundError):
                self.path.replace(self.path.with_suffix(".damaged"))
        else:
            self.path.unlink(missing_ok=True)

    def _scan(self) -> Scan:
        return scan(self.path.read_bytes())

    def _write(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101 - only the active segment is written to
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]
        self.size += len(data)
