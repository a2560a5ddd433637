"""
Reads documents without holding up the event loop.

Reading YAML takes seconds of pure Python for a document of megabytes. A thread would share the interpreter's lock, and
its garbage, with every call, so large documents are read in a process of their own, one at a time.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from mirante.evaluation.model import Violation

from services.runtime.errors import InvalidRequest

T = TypeVar("T")

_REFUSED: Final = 3
"""Exit code of the process when it wrote a refusal."""

LARGE: Final = 32 * 1024
"""Characters; below it, reading takes less than starting a process."""
SECONDS: Final = 120.0


class AsideReader(Generic[T]):
    """
    Reads the documents of one kind.

    Args:
        module: runs as a process and does `read_standard_input`.
        read: what a document means; raises `InvalidRequest`.
        parse: the meaning, from what the process wrote.
        large: from how many characters on a document is read by a process.
        seconds: how long that may take.
    """

    def __init__(
        self,
        module: str,
        read: Callable[[str], T],
        parse: Callable[[bytes], T],
        *,
        large: int = LARGE,
        seconds: float = SECONDS,
    ) -> None:
        self._module = module
        self._here = read
        self._parse = parse
        self._large = large
        self._seconds = seconds
        self._turn = asyncio.Semaphore(1)

    async def read(self, text: str) -> T:
        """
        Return what a document means.

        Raises:
            InvalidRequest: what `read` raises; also when reading takes too long.
        """
        async with self._turn:
            if len(text) < self._large:
                return await asyncio.to_thread(self._here, text)
            try:
                async with asyncio.timeout(self._seconds):
                    return self._parse(await self._written_by_process(text))
            except TimeoutError:
                raise InvalidRequest.of("yaml", "takes too long to read: split it") from None

    async def _written_by_process(self, text: str) -> bytes:
        command = (sys.executable, "-m", self._module)
        # A session of its own, so that Ctrl-C in a terminal reaches the service only, which then ends the process.
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        try:
            answer, _ = await process.communicate(text.encode())
        finally:
            await _end(process)
        if process.returncode == _REFUSED:
            refusal = json.loads(answer)
            violations = [Violation(field, description) for field, description in refusal["violations"]]
            raise InvalidRequest(violations, reason=refusal["reason"])
        if process.returncode != 0:
            raise RuntimeError(f"the process that reads YAML ended with code {process.returncode}")
        return answer


def read_standard_input(read: Callable[[str], bytes]) -> int:
    """Be the process: write what `read` returns, or the refusal that it raises; return the exit code."""
    try:
        answer = read(sys.stdin.buffer.read().decode())
    except InvalidRequest as error:
        violations = [[violation.field, violation.description] for violation in error.violations]
        sys.stdout.write(json.dumps({"reason": error.reason, "violations": violations}))
        return _REFUSED
    sys.stdout.buffer.write(answer)
    return 0


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
