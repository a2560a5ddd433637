"""
How fast events come into the analytics store, and how large it is: from a stream of the log, as it is followed live.

    python -m benchmarks.analytics_store [--events 10000000] [--folder FOLDER]

Responses are made ahead, ten million events at a time, in files, while nothing else is done; only reading them and
taking them in is measured, while segments are tidied beside it as in the service. With a folder the store is kept, as
live ingestion left it, for benchmarks of reports.
"""

import argparse
import itertools
import json
import pickle
import resource
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.analytics_events import Batch, Scale, batches
from benchmarks.analytics_wire import Wire
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.publishing import Publisher, begin_build, take_term
from services.metrics.analytics.store.reading import GRACE_SECONDS, AnalyticsStore
from services.metrics.analytics.store.sweeping import Sweeper
from services.metrics.analytics.store.tidy_plan import are_many, fresh_of
from services.metrics.analytics.store.tidying import Tidier
from services.metrics.analytics.store.writing import LogIntake

ENVIRONMENT: Final = "production"
EVENTS_AT_ONCE: Final = 100_000
"""What is gathered for one segment at full speed."""
_MADE_AHEAD: Final = 100
"""So many times `EVENTS_AT_ONCE`: 2.7 GB."""
_MOST_WAIT_SECONDS: Final = 2.0
"""As in the service."""


class Ingestion:
    """
    A store that takes a stream in, and tidies beside it.

    Args:
        folder: of all stores.
        continues: whether the store is there already.
    """

    def __init__(self, folder: Path, *, continues: bool = False) -> None:
        self._files = StoreFolder(folder, ENVIRONMENT)
        term = take_term(self._files).term
        if not continues:
            begin_build(self._files, term, "build", drop_live=False)
        manifest = self._files.manifest("build")
        assert manifest is not None
        self.publisher = Publisher(self._files, term, manifest, time.time)
        if not continues:
            self.publisher.go_live()
        self._intake = LogIntake(self.publisher, time.time)
        self.tidier = Tidier(self.publisher, time.time)
        self._sweeper = Sweeper(self._files, GRACE_SECONDS, time.monotonic)
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._may_tidy = threading.Event()
        self._may_tidy.set()
        self._thread = threading.Thread(target=self._tidy)
        self.seconds = self.processor = self.taking = self.tidying = self.slowest = 0.0
        self._has_work = True

    def run(self, scale: Scale) -> None:
        """Take all events of a scale in."""
        self._thread.start()
        wire, source = Wire(scale), batches(scale, EVENTS_AT_ONCE)
        with tempfile.TemporaryDirectory(dir=self._files.path.parent) as name:
            while some := self._made(Path(name), wire, itertools.islice(source, _MADE_AHEAD)):
                start, processor = time.perf_counter(), time.process_time()
                for file in some:
                    self._take(pickle.loads(file.read_bytes()))  # noqa: S301 - our own
                    file.unlink()
                # A step that goes on belongs to it.
                with self._stopped():
                    self.seconds += time.perf_counter() - start
                    self.processor += time.process_time() - processor

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        """Keep tidying from going on, when the step that it does is done."""
        self._may_tidy.clear()
        with self._turn:
            yield
        self._may_tidy.set()

    def _made(self, folder: Path, wire: Wire, some: Iterable[Batch]) -> list[Path]:
        """Make responses in files while nothing is tidied."""
        made = []
        with self._stopped():
            for number, batch in enumerate(some):
                file = folder / str(number)
                file.write_bytes(pickle.dumps(wire.responses(batch)))
                made.append(file)
        return made

    def _take(self, responses: Sequence[bytes]) -> None:
        start, processor = time.perf_counter(), time.thread_time()
        while self._has_work and are_many(self.publisher.manifest) and time.perf_counter() - start < _MOST_WAIT_SECONDS:
            time.sleep(0.01)
        self._intake.take(responses)
        self.taking += time.thread_time() - processor
        self.slowest = max(self.slowest, time.perf_counter() - start)

    def take(self, responses: Sequence[bytes]) -> None:
        """Take responses in that follow those before."""
        self._intake.take(responses)

    def tidy(self) -> bool:
        """Tidy a little; return whether there was anything to do."""
        done = self.tidier.step()
        self._sweeper.sweep([self.publisher.manifest], self.publisher.writing)
        return done

    def end(self) -> float:
        """Wait until nothing is left to tidy; return how many seconds that took."""
        start = time.perf_counter()
        self._ended.set()
        self._thread.join()
        return time.perf_counter() - start

    def _tidy(self) -> None:
        while True:
            self._may_tidy.wait()
            ended = self._ended.is_set()
            with self._turn:
                self._has_work = self.tidy()
                self.tidying = time.thread_time()
            if not self._has_work:
                if ended:
                    return
                time.sleep(0.05)


def measure(folder: Path, scale: Scale) -> dict[str, Any]:
    """Return the figures."""
    ingestion = Ingestion(folder)
    ingestion.run(scale)
    left, tidied, tidying = ingestion.publisher.manifest, ingestion.tidier.rows, ingestion.tidying
    tidied_in = ingestion.end()
    manifest = ingestion.publisher.manifest
    size = sum(segment.file_bytes + segment.key_bytes for segment in manifest.segments)
    snapshot = AnalyticsStore(folder).snapshot(ENVIRONMENT)
    start = time.perf_counter()
    count = sum(len(rows) for rows in snapshot.arrays(None, Wanted(nobody=True)))
    arrays = time.perf_counter() - start
    assert count == scale.events
    return {
        "events": scale.events,
        "users": scale.users,
        "tenants": scale.tenants,
        "events_per_second": round(scale.events / ingestion.seconds),
        "slowest_take_seconds": round(ingestion.slowest, 2),
        "processor_microseconds_per_event": {
            "all, until the stream ended": _each(ingestion.processor, scale),
            "taking in": _each(ingestion.taking, scale),
            "tidying, until the stream ended": _each(tidying, scale),
            "tidying, after it": _each(ingestion.tidying - tidying, scale),
        },
        "segments_when_the_stream_ended": len(left.segments),
        "segments_unsettled_then": len(fresh_of(left)),
        "tidied_after_seconds": round(tidied_in, 1),
        "rows_written_by_tidying_per_event": round(ingestion.tidier.rows / scale.events, 2),
        "rows_written_by_tidying_until_the_stream_ended": round(tidied / scale.events, 2),
        "segments": len(manifest.segments),
        "bytes_per_event": round(size / scale.events, 1),
        "keys_bytes_per_event": round(sum(segment.key_bytes for segment in manifest.segments) / scale.events, 1),
        "all_rows_in_order_seconds": round(arrays, 2),
        "most_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _each(seconds: float, scale: Scale) -> float:
    return round(1_000_000 * seconds / scale.events, 2)


def _folders(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def main() -> None:
    """Measure, and print the figures as one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where the store is kept; it must not exist")
    chosen = parser.parse_args()
    scale = Scale(events=chosen.events, users=chosen.users, tenants=chosen.tenants)
    for folder in _folders(chosen.folder):
        print(json.dumps(measure(folder, scale), indent=2))


if __name__ == "__main__":
    main()
