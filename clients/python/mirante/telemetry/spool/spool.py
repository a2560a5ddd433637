"""The spool of one process: segments in order, written ahead of sending."""

import logging
from collections import Counter, deque
from collections.abc import Generator
from pathlib import Path

from mirante.client.settings import ClientSettings
from mirante.telemetry.records import Kind, Record
from mirante.telemetry.settings import Delivery
from mirante.telemetry.spool.folder import Folder, shared_folder
from mirante.telemetry.spool.framing import size_of
from mirante.telemetry.spool.segment import Segment

_log = logging.getLogger("mirante")

_READ_AHEAD = 2 << 20
"""Bytes of records that are kept in memory as well, so that normally nothing is read back."""


class Spool:
    """
    Records on disk, handed out in order. Used by one thread; errors are OSErrors.

    `unsent` counts the records that were not handed out yet. `full` says that the last ones had no room, until some is
    made. `lost` counts, by generation, what could not be read back; whoever looks empties it.
    """

    def __init__(self, spool_dir: Path, connection: ClientSettings, delivery: Delivery) -> None:
        self._delivery = delivery
        self._folder = Folder(shared_folder(spool_dir, connection))
        self._segments: deque[Segment] = deque()
        self._active: Segment | None = None
        self._size = 0
        self._ready: deque[Record] = deque()
        self._ready_bytes = 0
        self._adoption: Generator[Path, None, None] | None = self._folder.adopt()
        self.unsent = 0
        self.full = False
        self.lost: Counter[int] = Counter()

    @property
    def adopting(self) -> bool:
        """Whether there may be more to adopt, and room for it."""
        return self._adoption is not None and self._size < self._delivery.spool_bytes // 2

    def adopt(self) -> int:
        """Take over one segment of a process that is gone; return how many records it holds."""
        assert self._adoption is not None  # noqa: S101 - `adopting` was asked
        try:
            path = next(self._adoption, None)
        except OSError:
            self._adoption = None
            raise
        if path is None:
            self._adoption = None
            return 0
        segment = Segment.found(path)
        self._size += segment.size
        # Before what this process writes, which is younger.
        self._insert(segment)
        self.unsent += segment.held
        self._tidy(segment)
        return segment.held

    def put(self, records: list[tuple[Kind, bytes]], generation: int) -> int:
        """Append records; return how many had room, which are the first ones."""
        room, fitting = self._delivery.spool_bytes - self._size, 0
        for _, body in records:
            room -= size_of(body)
            if room < 0:
                break
            fitting += 1
        self.full = fitting < len(records)
        if not fitting:
            return 0
        active = self._segment_for(generation)
        before, caught_up = active.size, self._caught_up(active)
        try:
            active.append(records[:fitting])
        except OSError:
            # Whatever was written of it is a torn end, behind which nothing may come.
            self._complete()
            raise
        finally:
            self._size += active.size - before
        self.unsent += fitting
        if caught_up:
            active.read += fitting
            self._make_ready(records[:fitting], active)
        if active.size >= self._delivery.segment_bytes:
            self._complete()
        return fitting

    def peek(self) -> Record | None:
        """Return the next record; None when there is none."""
        if not self._ready and self.unsent:
            self._read()
        return self._ready[0] if self._ready else None

    def pop(self) -> Record:
        """Hand out the record that `peek` returned."""
        record = self._ready.popleft()
        self._ready_bytes -= len(record.body)
        self.unsent -= 1
        return record

    def answered(self, record: Record) -> None:
        """Note that a record is done with."""
        segment = record.segment
        assert segment is not None  # noqa: S101 - it came from here
        segment.answered += 1
        if segment is self._active and segment.answered == segment.held:
            self._complete()
        self._tidy(segment)

    def close(self) -> None:
        """Leave what is here to whoever comes next."""
        self._complete()
        self._end_adoption()
        self._folder.release()

    def abandon(self) -> None:
        """Forget everything, in a child: the files are the parent's."""
        if self._active is not None:
            self._active.close()
        self._end_adoption()
        self._folder.abandon()

    def _end_adoption(self) -> None:
        adoption, self._adoption = self._adoption, None
        if adoption is not None:
            adoption.close()

    def _segment_for(self, generation: int) -> Segment:
        active = self._active
        if active is not None and active.generation != generation:
            self._complete()
            active = None
        if active is None:
            active = self._active = Segment.create(self._folder.new_path(), generation)
            self._segments.append(active)
            self._size += active.size
        return active

    def _complete(self) -> None:
        active, self._active = self._active, None
        if active is not None:
            active.close()
            self._tidy(active)

    def _tidy(self, segment: Segment) -> None:
        if segment.finished and segment in self._segments:
            self._segments.remove(segment)
            self._size -= segment.size
            self.full = False
            if segment.damaged:
                _log.warning("a file of the telemetry spool is damaged, and was set aside: %s", segment.path)
            segment.remove()

    def _insert(self, segment: Segment) -> None:
        own = sum(1 for other in self._segments if other.generation)
        self._segments.insert(len(self._segments) - own, segment)

    def _caught_up(self, active: Segment) -> bool:
        return self._ready_bytes < _READ_AHEAD and self.unsent == len(self._ready) and active.read == active.held

    def _read(self) -> None:
        for segment in list(self._segments):
            if segment.read == segment.held:
                continue
            self._make_ready(segment.unread(), segment)
            if segment.read < segment.held:
                if segment is self._active:
                    self._complete()
                lost = segment.give_up_unread()
                self.unsent -= lost
                self.lost[segment.generation] += lost
                self._tidy(segment)
            if self._ready:
                return

    def _make_ready(self, records: list[tuple[Kind, bytes]], segment: Segment) -> None:
        for kind, body in records:
            self._ready.append(Record(kind, body, segment.generation, segment))
            self._ready_bytes += len(body)
