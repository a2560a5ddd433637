"""A process that runs reports, as the service sees it."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

from services.metrics.analytics.answering.frames import LENGTHS, Frame, decoded, encoded

_MODULE: Final = "services.metrics.analytics.answering.child"
_START_SECONDS: Final = 60.0
_NICE: Final = 5
CLICKHOUSE_URL: Final = "MIRANTE_REPORTS_CLICKHOUSE_URL"
"""The variable in which the process finds the address of ClickHouse."""


class ReportProcessDied(Exception):
    """The process has ended without an answer; the report may have used too much memory, or somebody killed it."""


class ReportProcess:
    """
    One process; it runs one report at a time.

    Attributes:
        held_bytes: memory of its own that it holds after its last report.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self.held_bytes = 0

    @classmethod
    async def start(
        cls, folder: Path, memory_mib: int, threads: int, clickhouse_url: str | None = None
    ) -> "ReportProcess":
        """
        Start a process and wait until it has loaded what it needs; arguments are those of `ReportProcesses`.

        Raises:
            ReportProcessDied: it cannot be started.
        """
        command = (sys.executable, "-m", _MODULE, str(folder), str(memory_mib), str(threads))
        # Not an argument: those can be read by everybody on the machine.
        environment = dict(os.environ) | ({CLICKHOUSE_URL: clickhouse_url} if clickhouse_url is not None else {})
        # A session of its own, so that Ctrl-C in a terminal reaches the service only, which then ends the process.
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True, env=environment
        )
        started = cls(process)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await started._read()
        except BaseException as error:
            await started.end()
            if isinstance(error, TimeoutError):
                raise ReportProcessDied from None
            raise
        _let_others_first(process.pid)
        return started

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.returncode is None

    @property
    def code(self) -> int | None:
        """How it has ended: minus the number of a signal, or its exit code; None while it is there."""
        return self._process.returncode

    async def gone(self, seconds: float) -> bool:
        """Wait until it has ended, so long at most; return whether it has."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def ask(self, question: Frame) -> Frame:
        """
        Return what it answers. Whoever does not wait for that has to `end` it.

        Raises:
            ReportProcessDied: it has ended meanwhile.
        """
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it was started with a pipe
        # uvloop says RuntimeError where the process has ended already.
        with contextlib.suppress(ConnectionError, RuntimeError):
            stdin.write(encoded(question))
            await stdin.drain()
        answer = await self._read()
        self.held_bytes = answer.head.get("held_bytes", 0)
        return answer

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        # Also when whoever ends it is cancelled again.
        await asyncio.shield(self._process.wait())

    async def _read(self) -> Frame:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - as above
        try:
            head, body = LENGTHS.unpack(await stdout.readexactly(LENGTHS.size))
            return decoded(await stdout.readexactly(head), await stdout.readexactly(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ReportProcessDied from None


def _let_others_first(pid: int) -> None:
    """Let whoever takes events in, and answers about the present, have the processor first."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, _NICE)
