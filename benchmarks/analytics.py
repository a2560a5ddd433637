"""
How long do reports take, beside ClickHouse's engine on the same events and as many threads?

    python -m benchmarks.analytics [--events 10000000] [--folder FOLDER]

The store is first taken in from a stream of the log, as live ingestion does it: with actors that are merged and events
that come late. While it is asked, a writer takes further events into it, of after the period that is asked about, so
that there is always something that is not tidied yet. Rounds take turns, and answers have to be equal. Wall time says
how long somebody waits, processor time also means something on a busy machine.

With a folder the store is kept, and is there already the next time.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.analytics_events import Scale
from benchmarks.analytics_questions import THREADS, Case, Chdb, cases
from benchmarks.analytics_store import ENVIRONMENT, measure
from benchmarks.analytics_writer import written
from benchmarks.measuring import median, ratio_interval, report, spread
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.memory import keep_memory
from services.metrics.analytics.reports.running import run
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.reading import AnalyticsStore


def measured(case: Case, store: AnalyticsStore, chdb: Chdb | None, rounds: int) -> dict[str, object]:
    """Return the figures of a question."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_timed(lambda: _answer(case, store)))
        if case.sql and chdb is not None:
            theirs.append(_timed(lambda: chdb.numbers(case.sql)))
    figures: dict[str, object] = {
        "seconds": median([each.seconds for each in ours]),
        "spread": spread([each.seconds for each in ours]),
        "processor_seconds": median([each.processor for each in ours]),
    }
    if theirs:
        assert list(ours[0].answer) == list(theirs[0].answer), (ours[0].answer, theirs[0].answer)
        ratios = [mine.seconds / other.seconds for mine, other in zip(ours, theirs, strict=True)]
        figures |= {
            "chdb_seconds": median([each.seconds for each in theirs]),
            "chdb_processor_seconds": median([each.processor for each in theirs]),
            "times_chdb": median(ratios),
            "times_chdb_interval": ratio_interval(ratios),
            "times_chdb_processor": round(
                statistics.median(each.processor for each in ours)
                / statistics.median(each.processor for each in theirs),
                3,
            ),
        }
    return figures


@dataclass(frozen=True, slots=True)
class _Timed:
    answer: Sequence[int]
    seconds: float
    processor: float


def _timed(work: Callable[[], Sequence[int]]) -> _Timed:
    start, processor = time.perf_counter(), time.process_time()
    answer = work()
    return _Timed(answer, time.perf_counter() - start, time.process_time() - processor)


def _answer(case: Case, store: AnalyticsStore) -> Sequence[int]:
    snapshot = store.snapshot(ENVIRONMENT)
    # The stream of a benchmark does not say that it has ended.
    snapshot.watermark = replace(snapshot.watermark, complete_us=instant(case.question.scope.end))
    return case.numbers(run(case.question, snapshot, Limits(threads=THREADS)).result)


def _taken_in(folder: Path, scale: Scale) -> dict[str, object]:
    """Make the store in a process of its own, and return the figures of that."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, folder, scale).result()


def _asked_alone(asked: dict[str, Case], store: AnalyticsStore) -> dict[str, object]:
    """Return what questions need of a process that does nothing else, and for the first time."""
    seconds = {name: float(f"{_timed(partial(_answer, case, store)).seconds:.3g}") for name, case in asked.items()}
    return {"first_seconds": seconds, "most_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="where the store is kept")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--writing", type=int, default=2_000, help="events a second; 0 for no writer")
    parser.add_argument("--alone", action="store_true", help="without the other engine")
    parser.add_argument("--only", nargs="*", help="words that the wanted questions begin with")
    chosen = parser.parse_args()
    scale = Scale(events=chosen.events, users=chosen.users)
    with tempfile.TemporaryDirectory() as name:
        folder: Path = chosen.folder or Path(name)
        figures: dict[str, object] = {"events": scale.events, "users": scale.users, "rounds": chosen.rounds}
        if not StoreFolder(folder, ENVIRONMENT).current().live:
            figures["taken_in"] = _taken_in(folder, scale)
        asked = {
            name: case for name, case in cases(scale).items() if not chosen.only or name.startswith(tuple(chosen.only))
        }
        keep_memory()
        store = AnalyticsStore(folder)
        with written(folder, scale, chosen.writing):
            figures["alone"] = _asked_alone(asked, store)
            chdb = None if chosen.alone else Chdb(scale)
            figures |= {name: measured(case, store, chdb, chosen.rounds) for name, case in asked.items()}
        figures["events_written_meanwhile"] = store.snapshot(ENVIRONMENT).rows(None) - scale.events
        report("reports beside ClickHouse's engine, two threads each", figures)


if __name__ == "__main__":
    main()
