"""Processes of `multiprocessing` end without the exit handlers of Python; they have their own."""

import sys
from collections.abc import Callable


def close_with_worker(close: Callable[[], object]) -> None:
    """Call `close` when this process ends, if it is a worker of `multiprocessing`."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return
    from multiprocessing.util import Finalize  # noqa: PLC0415 - costs nothing in such a process

    # Before what has no priority, and before its own children are waited for.
    Finalize(None, close, exitpriority=10)
