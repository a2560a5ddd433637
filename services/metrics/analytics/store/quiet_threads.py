"""Threads that leave the processor to whoever answers somebody."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_NICENESS: Final = 10
_MOST: Final = 4


def _step_back() -> None:
    # Linux gives each thread a niceness of its own; elsewhere there is no such thread to name.
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_THREADS: Final = ThreadPoolExecutor(_MOST, "analytics", initializer=_step_back)


async def in_quiet_thread(
    work: Callable[_Parameters, _Result], *arguments: _Parameters.args, **named: _Parameters.kwargs
) -> _Result:
    """Return what some blocking work returns, done by a thread of low priority where the system has such."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: work(*arguments, **named))
