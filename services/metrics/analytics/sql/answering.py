"""Has statements run in processes of their own, a few at a time."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final

from services.metrics.analytics.answering.line import FairLine
from services.metrics.analytics.sql.asking import SqlQuestion
from services.metrics.analytics.store import StoreUnavailable
from services.runtime.errors import InvalidRequest, Unavailable

_log = logging.getLogger(__name__)

ANSWER: Final = b"A"
REFUSED: Final = b"R"
UNAVAILABLE: Final = b"U"

_MODULE: Final = "services.metrics.analytics.sql.child"
_KEPT_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")
"""Of our environment; the others may hold passwords, which a process that runs others' statements need not have."""
_MOST_AT_ONCE: Final = 2
_MOST_WAITING: Final = 16
_MOST_WAITING_OF_ONE: Final = 6
"""So that nobody keeps all others out."""
_GRACE_SECONDS: Final = 10.0
"""For the start of a process, reading what is in memory, and what cannot be interrupted at once."""


class SqlProcesses:
    """
    Runs statements, each in a process of its own that ends with it.

    Args:
        command: what is run for each; for tests.
    """

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", _MODULE)) -> None:
        self._command = tuple(command)
        self._turns: FairLine[int] = FairLine(_MOST_WAITING, _MOST_WAITING_OF_ONE)
        for turn in range(_MOST_AT_ONCE):
            self._turns.offer(turn)

    async def answer(self, question: SqlQuestion, caller: str) -> bytes:
        """
        Return the serialised answer to a question. A process of which nobody wants the answer any more is ended.

        Args:
            question: see there.
            caller: in whose turn it runs.

        Raises:
            InvalidRequest: the statement may not run, is wrong, or needs more than it may have.
            StoreUnavailable: there is no store that can be read.
            Overloaded: too many statements wait.
        """
        turn = await self._turns.take(caller)
        try:
            return await self._ran(question)
        finally:
            self._turns.offer(turn)

    async def _ran(self, question: SqlQuestion) -> bytes:
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ} | {"TZ": "UTC"}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                # Ctrl-C in a terminal is for the service, which then ends this one.
                start_new_session=True,
            )
        except OSError:
            raise Unavailable("no process can be started for the statement") from None
        try:
            async with asyncio.timeout(question.limits.seconds + _GRACE_SECONDS):
                content, code = await _exchanged(process, question)
        except TimeoutError:
            raise _refused(f"it took longer than {question.limits.seconds:g} seconds") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return _content(content, code, question)


async def _exchanged(process: asyncio.subprocess.Process, question: SqlQuestion) -> tuple[bytes, int]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")
    # uvloop says RuntimeError where the process has ended already.
    with contextlib.suppress(ConnectionError, RuntimeError):
        # It stays open until the process has ended: its end says that nobody waits any more.
        process.stdin.write(question.encoded())
        await process.stdin.drain()
    content = await process.stdout.read()
    code = await process.wait()
    process.stdin.close()
    return content, code


def _content(content: bytes, code: int, question: SqlQuestion) -> bytes:
    kind, rest = content[:1], content[1:]
    if kind == ANSWER and code == 0:
        return rest
    if kind == REFUSED:
        raise _refused(rest.decode(errors="replace"))
    if kind == UNAVAILABLE:
        raise StoreUnavailable(rest.decode(errors="replace"))
    if code >= 0:
        _log.error("a process that runs statements failed", extra={"code": code})
        raise Unavailable("the statement could not be run")
    # Ended by the system, which bounds memory and processor time.
    raise _refused(
        f"it needs more than it may have: {question.limits.memory_mib} MiB of memory, "
        f"{question.limits.seconds:g} seconds"
    )


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest.of("statement", reason)
