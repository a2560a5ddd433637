"""Records that wait: on disk if there is a spool, in memory, or set aside until they are due."""

import heapq
import itertools
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable

from mirante.telemetry.ledger import Ledger
from mirante.telemetry.records import Kind, Record
from mirante.telemetry.settings import Delivery
from mirante.telemetry.spool.spool import Spool
from mirante.telemetry.status import QUEUE_FULL, SPOOL_DAMAGED, SPOOL_FULL, Rejection

_log = logging.getLogger("mirante")

_MOST_ASIDE = 5_000
"""Records from disk that may be set aside at once; after that no more are read."""


class Backlog:
    """
    Keeps records until they are done with, and counts them in the ledger. Used by one thread at a time.

    `generation` is that of new records; marks are generations that have passed. `cleared` is the newest mark before
    which nothing is left, `stored` the newest one before which everything is on disk, or done with.
    """

    def __init__(self, delivery: Delivery, ledger: Ledger, open_spool: Callable[[], Spool] | None) -> None:
        self.spool: Spool | None = None
        self._open_spool = open_spool
        self.generation = 1
        self.cleared = 0
        self.stored = 0
        self._delivery = delivery
        self._ledger = ledger
        self._memory: deque[Record] = deque()
        self._aside: list[tuple[float, int, Record]] = []
        self._order = itertools.count()
        self._outstanding: Counter[int] = Counter()
        self._only_in_memory = 0
        self._bytes = 0

    @property
    def unsent(self) -> int:
        """How many records wait for their first attempt."""
        return len(self._memory) + (self.spool.unsent if self.spool is not None else 0)

    @property
    def next_due(self) -> float:
        """When the first of those that were set aside is due; infinity when there is none."""
        return self._aside[0][0] if self._aside else float("inf")

    @property
    def empty(self) -> bool:
        """Whether nothing is left, but for what is under way."""
        return not self.unsent and not self._aside

    @property
    def all_on_disk(self) -> bool:
        """Whether nothing is lost when the process ends now."""
        return self.spool is not None and not self._only_in_memory

    @property
    def adopting(self) -> bool:
        """Whether `adopt` may find something."""
        return self.spool is not None and self.spool.adopting

    @property
    def full(self) -> str:
        """Why no more can be kept; empty when more can."""
        if self.spool is not None and self.spool.full:
            return SPOOL_FULL
        return QUEUE_FULL if self._bytes >= self._delivery.queue_bytes else ""

    @property
    def room(self) -> int:
        """How many more records memory may hold."""
        return self._delivery.queue_events - self._only_in_memory

    def begin(self) -> None:
        """Open the spool, if there is to be one; without, if the disk does not let us."""
        if self.spool is not None or self._open_spool is None:
            return
        try:
            self.spool = self._open_spool()
        except OSError as error:
            _log.warning("telemetry waits in memory only, because there can be no spool: %s", error)

    def adopt(self) -> None:
        """Take over some of what processes that are gone have left on disk."""
        if self.spool is None:
            return
        try:
            found = self.spool.adopt()
        except OSError as error:
            _log.warning("events of a process that is gone cannot be taken over: %s", error)
            return
        self._outstanding[0] += found
        self._ledger.count(adopted=found, on_disk=found)

    def keep(self, made: list[tuple[Kind, bytes]]) -> None:
        """Keep new records: on disk, or in memory if there is no disk or it fails."""
        if not made:
            return
        if self.spool is not None:
            try:
                kept = self.spool.put(made, self.generation)
            except OSError as error:
                _log.warning("telemetry cannot be written to disk: %s", error)
            else:
                self._outstanding[self.generation] += kept
                self._ledger.count(on_disk=kept, dropped=len(made) - kept, cause=SPOOL_FULL)
                return
        for kind, body in made:
            self._memory.append(Record(kind, body, self.generation))
            self._bytes += len(body)
        self._only_in_memory += len(made)
        self._outstanding[self.generation] += len(made)

    def peek(self, now: float) -> Record | None:
        """Return the next record to be sent, those first that were set aside and are due."""
        if self._aside and self._aside[0][0] <= now:
            return self._aside[0][2]
        if self._memory:
            return self._memory[0]
        if self.spool is None or len(self._aside) >= _MOST_ASIDE:
            return None
        record = self.spool.peek()
        if self.spool.lost:
            self._note_lost(self.spool)
        return record

    def pop(self, record: Record) -> None:
        """Hand out the record that `peek` returned; it comes back by `set_aside`, or to `done`."""
        if self._aside and self._aside[0][2] is record:
            heapq.heappop(self._aside)
        elif record.segment is None:
            self._memory.popleft()
        elif self.spool is not None:
            self.spool.pop()

    def set_aside(self, record: Record, due: float) -> None:
        """Keep a record that was handed out until that time."""
        heapq.heappush(self._aside, (due, next(self._order), record))

    def done(
        self,
        records: Iterable[Record],
        *,
        sent: int = 0,
        rejections: tuple[Rejection, ...] = (),
        dropped: int = 0,
        cause: str = "",
    ) -> None:
        """Forget records that were handed out, and count what became of them."""
        on_disk = 0
        for record in records:
            self._outstanding[record.generation] -= 1
            if record.segment is None:
                self._only_in_memory -= 1
                self._bytes -= len(record.body)
            elif self.spool is not None:
                on_disk -= 1
                self.spool.answered(record)
        self._ledger.count(
            sent=sent, rejected=len(rejections), notes=rejections, dropped=dropped, cause=cause, on_disk=on_disk
        )

    def drop_memory(self, cause: str) -> int:
        """Give up what is in memory alone; return how many that were."""
        lost = [record for _, _, record in self._aside if record.segment is None]
        lost += self._memory
        self._memory.clear()
        self._aside.clear()
        self.done(lost, dropped=len(lost), cause=cause)
        return len(lost)

    def note_marks(self) -> None:
        """Bring `cleared` and `stored` up to date."""
        self._outstanding = +self._outstanding
        self.cleared = min(self._outstanding, default=self.generation) - 1
        if self.all_on_disk:
            self.stored = self.generation - 1

    def _note_lost(self, spool: Spool) -> None:
        lost, spool.lost = spool.lost, Counter()
        self._outstanding -= lost
        self._ledger.count(on_disk=-lost.total(), dropped=lost.total(), cause=SPOOL_DAMAGED)
