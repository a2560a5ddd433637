"""The rollouts of an environment, and the log as far as it is counted in them. Pure but for its clock."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.guards.plans import Watching, watching_of
from services.metrics.guards.watched_rollout import WatchedRollout

BLIND_SECONDS: Final = 15.0
"""At the end of the log its readers hear something every five seconds."""
_ANEW: Final = frozenset({"split", "tenant_erasure"})
"""Whom these are about is said by what stands before them in the log alone, as it is now."""
_RECENT_ENTRIES: Final = 100_000
_RECENT_SECONDS: Final = 60.0


class WatchedLog:
    """
    Counts the log for all rollouts that are watched.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.rollouts: dict[str, WatchedRollout] = {}
        self.cursor = b""
        self.anew = True
        """Whether the log has to be read from before the rollouts began."""
        self._recent: deque[tuple[float, log_pb2.LogEntry]] = deque(maxlen=_RECENT_ENTRIES)
        self._covered_since = 0.0
        self._log_time = 0.0
        self._read_at = 0.0
        self._at_end_at: float | None = None

    @property
    def since(self) -> float:
        """When the earliest of the steps that are watched began."""
        return min((each.watching.since for each in self.rollouts.values()), default=self._clock())

    @property
    def live(self) -> bool:
        """Whether the present is seen."""
        return not self.anew and self._at_end_at is not None and self._clock() - self._at_end_at <= BLIND_SECONDS

    @property
    def now(self) -> float:
        """The time of the log."""
        return self._log_time + max(0.0, self._clock() - self._read_at)

    def watch(self, records: Iterable[rollout_pb2.RolloutRecord]) -> None:
        """Watch these rollouts, as they are now, and no others."""
        found = {each.rollout_id: each for each in map(watching_of, records) if each is not None}
        for gone in self.rollouts.keys() - found.keys():
            del self.rollouts[gone]
        for watching in found.values():
            self._watch(watching)

    def watch_one(self, record: rollout_pb2.RolloutRecord) -> None:
        """Go on with one rollout as it is now."""
        watching = watching_of(record)
        if watching is None:
            self.rollouts.pop(record.id, None)
        else:
            self._watch(watching)

    def begin_anew(self, cursor: bytes) -> None:
        """Forget everything that was counted: the log is read from here on."""
        self.rollouts = {key: WatchedRollout(each.watching) for key, each in self.rollouts.items()}
        self.cursor, self.anew, self._at_end_at = cursor, False, None
        self._recent.clear()
        self._covered_since = 0.0

    def apply(self, response: log_pb2.FollowEventsResponse) -> bool:
        """Count a batch; return whether it may have broken a tripwire."""
        broken = False
        for entry in response.entries:
            for rollout in self.rollouts.values():
                broken |= rollout.apply(entry)
            if self._at_end_at is not None and entry.WhichOneof("kind") in _ANEW:
                self.anew = True
            if entry.HasField("event"):
                self._log_time = max(self._log_time, _seconds(entry.event.received_at))
                self._recent.append((self._log_time, entry))
        self._read_at = self._clock()
        if response.at_end:
            self._at_end_at = self._read_at
            self._log_time = max(self._log_time, _seconds(response.read_at))
        while self._recent and self._recent[0][0] < self._log_time - _RECENT_SECONDS:
            self._covered_since = self._recent.popleft()[0]
        if len(self._recent) == _RECENT_ENTRIES:
            self._covered_since = self._recent[0][0]
        self.cursor = response.cursor
        return broken

    def _watch(self, watching: Watching) -> None:
        known = self.rollouts.get(watching.rollout_id)
        if known is None:
            known = self.rollouts[watching.rollout_id] = WatchedRollout(watching)
            if self.anew or watching.since < self._covered_since:
                self.anew = True
                return
        else:
            same = known.watching.step == watching.step
            known.follow(watching)
            if same:
                return
        # What came in between the beginning of the step and now was counted before the step was known.
        for _, entry in list(self._recent):
            known.apply(entry)


def _seconds(moment: Timestamp) -> float:
    return moment.seconds + moment.nanos / 1e9
