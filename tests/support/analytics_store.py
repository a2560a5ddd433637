"""Analytics stores made in a test from entries of the log."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.publishing import Publisher, begin_build, take_term
from services.metrics.analytics.store.reading import AnalyticsStore, Snapshot
from services.metrics.analytics.store.writing import LogIntake

ENVIRONMENT = "production"
NOW = 1_790_000_000.0
"""What the clocks of these stores say."""


class BuiltStore:
    """A store in a folder, that answers from the first on; entries are taken in one segment a call."""

    def __init__(self, folder: Path, environment: str = ENVIRONMENT) -> None:
        self.folder = folder
        self.environment = environment
        self.files = StoreFolder(folder, environment)
        self.term = take_term(self.files).term
        begin_build(self.files, self.term, f"build-{self.term}", drop_live=False)
        manifest = self.files.manifest(f"build-{self.term}")
        assert manifest is not None
        self.publisher = Publisher(self.files, self.term, manifest, lambda: NOW)
        self.publisher.go_live()
        self.intake = LogIntake(self.publisher, lambda: NOW)
        self._taken = 0
        self.at_end = True
        """Whether the log says that it has nothing more."""

    def take(self, *entries: log_pb2.LogEntry | StoredEvent) -> None:
        """Take entries in, as the log would stream them."""
        wrapped = [log_pb2.LogEntry(event=each) if isinstance(each, StoredEvent) else each for each in entries]
        self._taken += len(wrapped)
        response = log_pb2.FollowEventsResponse(entries=wrapped, cursor=b"%d" % self._taken, at_end=self.at_end)
        response.read_at.FromSeconds(int(NOW))
        self.intake.take([response.SerializeToString()])

    def snapshot(self) -> Snapshot:
        """Return the store as it is now."""
        return AnalyticsStore(self.folder).snapshot(self.environment)


def store_of(folder: Path, entries: Iterable[log_pb2.LogEntry | StoredEvent], segments: int = 1) -> Snapshot:
    """Return a store with these entries, taken in so many steps."""
    store = BuiltStore(folder)
    whole: Sequence[log_pb2.LogEntry | StoredEvent] = list(entries)
    for number in range(segments):
        store.take(*whole[_share(len(whole), number, segments)])
    return store.snapshot()


def _share(length: int, number: int, count: int) -> slice:
    return slice(length * number // count, length * (number + 1) // count)
