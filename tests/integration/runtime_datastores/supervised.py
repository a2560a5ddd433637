"""Operates a supervising process from outside, as a terminal, a person or a crash would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.datastores import processes_below

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60


@dataclass(frozen=True)
class Supervised:
    """A process that runs the datastores of a home."""

    process: subprocess.Popen[str]
    home: Path
    database_url: str
    redis_url: str
    pids: list[int]

    def interrupt(self) -> int:
        """Press Ctrl-C: everything in the terminal's process group hears it. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End the supervisor alone with SIGKILL."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def kill_everything(self) -> None:
        """End the supervisor, both servers and all their children with SIGKILL."""
        self.process.kill()
        for process in processes_below(self.home):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(PATIENCE_S)
        wait_until_none_below(self.home)


@contextlib.contextmanager
def supervised(home: Path, *options: str) -> Iterator[Supervised]:
    """Start the datastores of a home in a process group of their own; whatever happens, nothing is left running."""
    process = start(home, *options)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate(timeout=PATIENCE_S)[1])
        yield Supervised(process, home, **json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        for each in processes_below(home):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        wait_until_none_below(home)


def start(home: Path, *options: str) -> subprocess.Popen[str]:
    """Start the process and return at once."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.hold_datastores", str(home), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def wait_until_none_below(folder: Path) -> None:
    """Return when no process works below the folder any more; fail when that takes too long."""
    # Not psutil.wait_procs: where nobody waits for orphans, they stay zombies for ever.
    deadline = time.monotonic() + PATIENCE_S
    while alive := processes_below(folder):
        assert time.monotonic() < deadline, alive
        time.sleep(0.01)
