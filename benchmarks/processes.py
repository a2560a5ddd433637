"""Servers under measurement: child processes of the benchmark, pinned to the other core and ended with it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

import psutil

SERVER_CORE, CLIENT_CORE = 0, 1


def pin(core: int, pid: int = 0) -> None:
    """Pin a process (0: this one) to one core, where the system can and has two."""
    if hasattr(os, "sched_setaffinity"):
        available = sorted(psutil.Process().cpu_affinity() or [0]) if pid == 0 else list(range(os.cpu_count() or 1))
        os.sched_setaffinity(pid, {available[core % len(available)]})


@contextmanager
def child(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, *, pinned: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Run `python ARGUMENTS` until the block ends, on the servers' core if pinned; its standard output can be read."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    if pinned:
        pin(SERVER_CORE, process.pid)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def bare_server() -> AsyncIterator[tuple[int, int]]:
    """Run the floor; yield its port and process id."""
    with child(["-m", "benchmarks.bare_server"]) as process:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        yield int(line), process.pid


def resident_kib(pid: int) -> float:
    """Return the resident memory of a process in KiB."""
    return float(psutil.Process(pid).memory_info().rss) / 1024
