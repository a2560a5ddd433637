"""What became of every event, counted."""

import threading
from collections import Counter, deque

from mirante.telemetry.status import CAUSES, Rejection, TelemetryStatus

_NOTES = 10


class Ledger:
    """
    Counters that always add up: what is done to several of them is done under one lock.

    `queued` is not counted: it is what has come in and is neither on disk nor done with.
    """

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Count from zero, with a lock of its own, in a forked child."""
        # Reentrant, because a signal handler may track wherever its thread stands.
        self.lock = threading.RLock()
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.disabled = 0
        self._adopted = 0
        self._on_disk = 0
        self._sent = 0
        self._rejected = 0
        self._dropped: Counter[str] = Counter()
        self._notes: deque[Rejection] = deque(maxlen=_NOTES)
        self.problem = ""

    def count(
        self,
        *,
        sent: int = 0,
        rejected: int = 0,
        adopted: int = 0,
        on_disk: int = 0,
        dropped: int = 0,
        cause: str = "",
        notes: tuple[Rejection, ...] = (),
    ) -> None:
        """Add to the counters in one step; `on_disk` is a difference, `notes` say why some were rejected."""
        with self.lock:
            self._sent += sent
            self._rejected += rejected
            self._adopted += adopted
            self._on_disk += on_disk
            self._notes.extend(notes)
            if dropped:
                self._dropped[cause] += dropped

    def waiting(self) -> int:
        """Return how many are neither sent nor given up."""
        with self.lock:
            return self.accepted + self._adopted - self._sent - self._rejected - self._dropped.total()

    def status(self) -> TelemetryStatus:
        """Return all counters, as they were at one moment."""
        with self.lock:
            return TelemetryStatus(
                tracked=self.accepted + self.refused.total() + self.disabled,
                adopted=self._adopted,
                queued=self.waiting() - self._on_disk,
                spooled=self._on_disk,
                sent=self._sent,
                rejected=self._rejected,
                disabled=self.disabled,
                dropped={cause: self._dropped[cause] + self.refused[cause] for cause in CAUSES},
                rejections=tuple(self._notes),
                problem=self.problem,
            )
