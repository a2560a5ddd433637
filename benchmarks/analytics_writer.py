"""A process that takes events into a store while it is asked, as the writer of a busy service does."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.analytics_events import Batch, Scale, batches
from benchmarks.analytics_store import Ingestion
from benchmarks.analytics_wire import Wire

_DAY_US: Final = 86_400_000_000
_DAYS_LATER: Final = 100
"""No window of a question reaches that far beyond its period: its answer stays the same."""
_EVENTS: Final = 1_000_000_000
_OTHER_SEED: Final = 8


@contextmanager
def written(folder: Path, scale: Scale, per_second: int) -> Iterator[None]:
    """Take so many events a second into a store, in a process of its own, until the block ends; none with 0."""
    if not per_second:
        yield
        return
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_write, args=(folder, scale, per_second), daemon=True)
    writer.start()
    try:
        yield
    finally:
        writer.terminate()
        writer.join()


def _write(folder: Path, scale: Scale, per_second: int) -> None:
    scale = replace(scale, events=_EVENTS, seed=_OTHER_SEED)
    ingestion, wire = Ingestion(folder, continues=True), Wire(scale)
    for batch in batches(scale, per_second):
        due = time.monotonic() + 1
        ingestion.take(wire.responses(_later(batch)))
        ingestion.tidy()
        time.sleep(max(0.0, due - time.monotonic()))


def _later(batch: Batch) -> Batch:
    later = _DAYS_LATER * _DAY_US
    return replace(batch, time_us=batch.time_us + later, received_us=batch.received_us + later)
