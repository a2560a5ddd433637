"""
A process that runs reports, one after another: `python -m services.metrics.analytics.answering.child FOLDER`.

It reads frames from standard input and answers each on standard output. It ends when its input does, also in the middle
of a report, so that none outlives the service; and it is killed when nobody waits for a report any more.
"""

import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO, Final

import duckdb
import pyarrow as pa
from mirante.api.metrics.v1 import report_pb2

from services.metrics.analytics.answering.engines import Engines, NoMemory
from services.metrics.analytics.answering.frames import Frame, encoded, read_frame
from services.metrics.analytics.answering.memory_limit import held_bytes, limit_memory
from services.metrics.analytics.answering.process import CLICKHOUSE_URL
from services.metrics.analytics.answering.sizes import MOST_BYTES
from services.metrics.analytics.answering.wire.reports import answer_of, looks_at_traits, question_of, report_of
from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.reports.memory import keep_memory
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import GRACE_SECONDS, AnalyticsStore
from services.runtime.errors import InvalidRequest, Unavailable

TOO_LARGE: Final = "too_large"
"""Outcome: the report needs more memory than it may use."""
TOO_LONG: Final = "too_long"
"""Outcome: the answer has more bytes than a message may."""
_SHARE_OF_ENGINE: Final = 0.75
"""Of the memory of a report, what DuckDB may use of it."""


def main(arguments: list[str]) -> None:
    """Be the process."""
    folder, memory_mib, threads = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    frames, out = sys.stdin.buffer, sys.stdout.buffer
    # Whatever a library prints must not be taken for an answer.
    sys.stdout = sys.stderr
    keep_memory()
    waiting: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(frames, waiting), daemon=True).start()
    limit_memory(memory_mib * 2**20)
    limits = Limits(memory_mib=max(64, int(memory_mib * _SHARE_OF_ENGINE)), threads=threads)
    url = os.environ.pop(CLICKHOUSE_URL, None)
    clickhouse = None if url is None else ClickHouseServer(url)
    engines = Engines(AnalyticsStore(folder), limits, clickhouse, memory_mib * 2**20)
    _say(out, Frame({"outcome": "ready"}))
    while True:
        try:
            asked = waiting.get(timeout=GRACE_SECONDS)
        except queue.Empty:
            engines.store.release()
            continue
        _say(out, _answered(engines, asked))


def _read(frames: BinaryIO, waiting: "queue.SimpleQueue[Frame]") -> None:
    while True:
        frame = read_frame(frames)
        if frame is None:
            # Nobody waits any more: also for what runs now.
            os._exit(0)
        waiting.put(frame)


def _answered(engines: Engines, asked: Frame) -> Frame:
    try:
        return _run(engines, asked)
    except (MemoryError, NoMemory, duckdb.OutOfMemoryException, pa.ArrowMemoryError):
        return Frame({"outcome": TOO_LARGE})
    except Unavailable as error:
        return Frame({"outcome": "unavailable", "message": error.message})
    except InvalidRequest as error:
        violations = [[each.field, each.description] for each in error.violations]
        return Frame({"outcome": "refused", "violations": violations})
    except RuntimeError as error:
        # Threads cannot be started, or native code could not get memory.
        if "thread" in str(error) or "alloc" in str(error):
            return Frame({"outcome": TOO_LARGE})
        return _failed(error)
    except Exception as error:  # noqa: BLE001 - told to the service, which logs it
        return _failed(error)


def _run(engines: Engines, asked: Frame) -> Frame:
    message = report_pb2.Question.FromString(asked.body)
    question = question_of(message)
    environment = asked.head["environment"]
    snapshot = engines.store.snapshot(environment)
    found, is_as_new = engines.answer(question, environment, snapshot)
    answer = answer_of(report_of(message), found).SerializeToString()
    if len(answer) > MOST_BYTES:
        return Frame({"outcome": TOO_LONG, "bytes": len(answer), "held_bytes": held_bytes()})
    looks = looks_at_traits(message)
    is_as_new &= not (looks and engines.has_traits_of_its_own)
    head: dict[str, Any] = {
        "outcome": "answered",
        "key": snapshot.key(question.scope.tenant),
        "complete_us": snapshot.watermark.complete_us,
        # What is older than the store must not be remembered as what it says: somebody may have been erased since.
        "forgets": snapshot.forgets if is_as_new else -1,
        "traits": snapshot.traits_version() if looks else "",
        "held_bytes": held_bytes(),
    }
    return Frame(head, answer)


def _failed(error: Exception) -> Frame:
    # Where and of what kind, but not its message: those of engines hold values of events.
    sys.stderr.write("".join(traceback.format_tb(error.__traceback__)))
    return Frame({"outcome": "failed", "error": type(error).__name__})


def _say(out: BinaryIO, frame: Frame) -> None:
    out.write(encoded(frame))
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
