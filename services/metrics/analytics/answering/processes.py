"""The processes that run reports: a few, always warm, each held to a time and a memory."""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.evaluation.model import Violation

from services.metrics.analytics.answering.frames import Frame
from services.metrics.analytics.answering.line import FairLine
from services.metrics.analytics.answering.process import ReportProcess, ReportProcessDied
from services.metrics.analytics.answering.sizes import too_long
from services.metrics.analytics.store import StoreUnavailable
from services.runtime.errors import InvalidRequest, Overloaded, Unavailable

_log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 60.0
_MOST_HELD_BYTES: Final = 512 * 2**20
_MOST_WAITING: Final = 200
_LONGEST_WAIT_SECONDS: Final = 60.0
_NO_MEMORY: Final = -signal.SIGABRT
"""How a process ends whose native code gets no memory where it cannot say so."""
_REUSABLE: Final = frozenset({"answered", "refused", "too_long", "unavailable"})
"""Outcomes after which a process is as good as new."""


@dataclass(frozen=True, slots=True)
class ReportBounds:
    """
    What reports are held to.

    Attributes:
        concurrent: how many run at the same time, each in a process of its own.
        seconds: how long one may run.
        memory_mib: what it may use, in mebibytes, beside what its process needs anyway.
        threads: of one.
        waiting_per_caller: how many of one caller may wait.
    """

    concurrent: int = 2
    seconds: float = 25.0
    memory_mib: int = 1_536
    threads: int = 2
    waiting_per_caller: int = 40


class ReportProcesses:
    """
    Runs reports in processes of their own.

    Args:
        folder: of all stores.
        bounds: see there.
        clock: seconds, monotonic.
        clickhouse_url: of the server that answers reports; None: the stores do.
    """

    def __init__(
        self, folder: Path, bounds: ReportBounds, clock: Callable[[], float], clickhouse_url: str | None = None
    ) -> None:
        self.bounds = bounds
        self._folder = folder
        self._clock = clock
        self._clickhouse_url = clickhouse_url
        self._line: FairLine[ReportProcess] = FairLine(_MOST_WAITING, bounds.waiting_per_caller)
        self._kept: set[int] = set()
        self._asked = asyncio.Event()
        self._used: dict[int, float] = {}
        self.running = 0
        self.outcomes: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many reports wait."""
        return self._line.waiting

    @property
    def pids(self) -> frozenset[int]:
        """The numbers of the processes that can be asked, or are."""
        return frozenset(self._kept)

    async def run(self) -> None:
        """Keep the processes; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_one())
            # A service that nobody asks for reports needs no more than one that is warm.
            await self._asked.wait()
            for _ in range(self.bounds.concurrent - 1):
                group.create_task(self._keep_one())

    async def answer(self, caller: str, asked: Frame) -> Frame:
        """
        Return the answer to a question, when it is the caller's turn. When nobody waits for it, its process is killed.

        Raises:
            InvalidRequest: the report is wrong, too slow or too large.
            Overloaded: too many wait already.
            StoreUnavailable: see `Snapshot`.
            Unavailable: the process has ended, for no fault of the report.
        """
        process = await self._turn(caller)
        self.running += 1
        outcome, answer = "cancelled", None
        try:
            async with asyncio.timeout(self.bounds.seconds):
                answer = await process.ask(asked)
            outcome = str(answer.head["outcome"])
        except TimeoutError:
            outcome = "too_slow"
            raise self._too_slow() from None
        except ReportProcessDied:
            await process.end()
            outcome = "too_large" if process.code == _NO_MEMORY else "failed"
            raise self._died(process.code) from None
        finally:
            self.running -= 1
            self.outcomes[outcome] += 1
            if outcome in _REUSABLE:
                self._used[process.pid] = self._clock()
                self._line.offer(process)
            else:
                await process.end()
        return self._good(answer)

    async def _turn(self, caller: str) -> ReportProcess:
        self._asked.set()
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                process = await self._line.take(caller)
                while not process.alive:
                    process = await self._line.take(caller)
        except Overloaded:
            self.outcomes["overloaded"] += 1
            raise
        except TimeoutError:
            self.outcomes["overloaded"] += 1
            raise Overloaded(
                f"its turn did not come within {_LONGEST_WAIT_SECONDS:g} s", retry_seconds=_PAUSE_SECONDS
            ) from None
        return process

    def _good(self, answer: Frame) -> Frame:
        outcome = answer.head["outcome"]
        if outcome == "answered":
            return answer
        if outcome == "too_large":
            raise self._too_large()
        if outcome == "too_long":
            raise too_long(answer.head["bytes"])
        if outcome == "refused":
            raise InvalidRequest([Violation(field, problem) for field, problem in answer.head["violations"]])
        if outcome == "unavailable":
            raise StoreUnavailable(answer.head["message"])
        raise RuntimeError(f"a report has failed: {answer.head['error']}")

    async def _keep_one(self) -> None:
        while True:
            try:
                process = await ReportProcess.start(
                    self._folder, self.bounds.memory_mib, self.bounds.threads, self._clickhouse_url
                )
            except (ReportProcessDied, OSError) as error:
                _log.warning("a process for reports cannot be started", extra={"error": type(error).__name__})
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self._kept.add(process.pid)
            try:
                self._line.offer(process)
                while not await process.gone(_LOOK_SECONDS):
                    await self._retire(process)
            finally:
                self._kept.discard(process.pid)
                self._line.withdraw(process)
                self._used.pop(process.pid, None)
                await process.end()

    async def _retire(self, process: ReportProcess) -> None:
        """End a process that holds much memory for nobody: it keeps what it freed, so as to be quick."""
        idle = self._clock() - self._used.get(process.pid, self._clock())
        if process.held_bytes > _MOST_HELD_BYTES and idle > _IDLE_SECONDS and self._line.withdraw(process):
            await process.end()

    def _too_slow(self) -> InvalidRequest:
        return InvalidRequest.of(
            "question",
            f"takes longer than the {self.bounds.seconds:g} s that a report may take: ask for a shorter period, one "
            "tenant, or less of a breakdown",
            reason=reasons.ERROR_REASON_REPORT_TOO_SLOW,
        )

    def _too_large(self) -> InvalidRequest:
        return InvalidRequest.of(
            "question",
            f"needs more than the {self.bounds.memory_mib} MiB of memory that a report may use: ask for a shorter "
            "period, one tenant, or less of a breakdown",
            reason=reasons.ERROR_REASON_REPORT_TOO_LARGE,
        )

    def _died(self, code: int | None) -> InvalidRequest | Unavailable:
        if code == _NO_MEMORY:
            return self._too_large()
        _log.error("a process that ran a report has ended", extra={"code": code})
        return Unavailable("the process that made the report has ended: ask again")
