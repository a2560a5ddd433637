"""Processes of `mirante up`, for tests: started, read line by line, and ended with all that they started."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from services.cli.up.processes import SERVICES
from services.runtime.embedded import ports

PATIENCE_SECONDS = 60


class RunningUp:
    """A process of `up`, whose lines can be waited for."""

    def __init__(self, process: subprocess.Popen[str], port: int, home: Path) -> None:
        self.process = process
        self.port = port
        self.home = home
        self.lines: list[str] = []

    @property
    def address(self) -> str:
        """Where the first service answers."""
        return f"localhost:{self.port}"

    def until(self, word: str) -> str:
        """Return the next line that contains the word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return self.lines[-1]
        pytest.fail(f"{word!r} never came: {self.lines}")

    def descendants(self) -> list[psutil.Process]:
        """Return every process that it has started, directly or not."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def service(self, module: str) -> psutil.Process:
        """Return the process that runs a module."""
        [found] = [child for child in self.descendants() if module in child.cmdline()]
        return found

    def end(self) -> int:
        """Return the exit code once it has ended."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(PATIENCE_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return the exit code."""
        self.process.send_signal(number)
        return self.end()


def free_port() -> int:
    """Return a port that nobody listens on, and that no outgoing connection is given meanwhile."""
    return ports.free_port()


@contextlib.contextmanager
def running_up(
    command: Sequence[str],
    home: Path,
    *,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    default_home: bool = False,
) -> Iterator[RunningUp]:
    """
    Start a command that is or resembles `mirante up`, and leave nothing of it behind.

    With `default_home` it is not told of its home, and is started in the folder above.
    """
    port = port or free_port()
    others = {service.port_variable: str(free_port()) for service in SERVICES if service.serves}
    variables = {
        **os.environ,
        **others,
        "MIRANTE_DEMO_HISTORY_DAYS": "0",  # it would keep the machine busy for a minute, and no test looks at it
        **(environment or {}),
        "MIRANTE_FLAGS_PORT": str(port),
        "MIRANTE_HOME": str(home),
    }
    if default_home:
        del variables["MIRANTE_HOME"]
    process = subprocess.Popen(
        command,
        cwd=home.parent if default_home else None,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running = RunningUp(process, port, home)
    try:
        yield running
    finally:
        left = running.descendants()
        process.kill()
        process.wait()
        for child in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(left, timeout=PATIENCE_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
