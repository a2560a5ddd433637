"""
`python -m services.metrics.analytics.sql.child`: the process that runs one statement, and then ends.

A question comes in as a line on stdin, an answer goes out on stdout: a byte that says what it is, and the message. When
stdin ends before that, nobody waits any more. What it may use is bounded by the system.
"""

import contextlib
import os
import sys
import threading
from typing import Final

from services.metrics.analytics.answering.memory_limit import limit_memory
from services.metrics.analytics.sql.answering import ANSWER, REFUSED, UNAVAILABLE
from services.metrics.analytics.sql.asking import SqlQuestion
from services.metrics.analytics.sql.checking import StatementRefused
from services.metrics.analytics.sql.running import ran, tables
from services.metrics.analytics.store import StoreUnavailable

_BESIDE_MIB: Final = 1_024
"""For what is not the engine's: rows that are read into memory, and what its threads hold."""
_MIB: Final = 2**20
_OPEN_FILES: Final = 4_096
_NICE: Final = 10


def main() -> None:
    """Answer the question on stdin."""
    # What libraries print must not be taken for an answer.
    out = os.dup(1)
    os.dup2(2, 1)
    question = SqlQuestion.decoded(sys.stdin.buffer.readline())
    _bound(question)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kind, content = _answered(question)
    with os.fdopen(out, "wb") as opened:
        opened.write(kind + content)
    # Threads of the engine may still be busy with what was interrupted.
    os._exit(0)


def _answered(question: SqlQuestion) -> tuple[bytes, bytes]:
    try:
        answer = tables(question) if question.statement is None else ran(question)
        return ANSWER, answer.SerializeToString()
    except StatementRefused as refused:
        return REFUSED, str(refused).encode()
    except StoreUnavailable as error:
        return UNAVAILABLE, error.message.encode()


def _bound(question: SqlQuestion) -> None:
    limit_memory((question.limits.memory_mib + _BESIDE_MIB) * _MIB)
    if hasattr(os, "nice"):
        # Whoever takes events in, and makes reports, comes first.
        os.nice(_NICE)
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limits = question.limits
    bounds = {
        # Of all threads together; only for what can not be interrupted.
        resource.RLIMIT_CPU: int(limits.seconds * limits.threads) + 5,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for kind, bound in bounds.items():
        _, most = resource.getrlimit(kind)
        value = bound if most == resource.RLIM_INFINITY else min(bound, most)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
