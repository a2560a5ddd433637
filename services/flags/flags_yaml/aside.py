"""
Reads documents without holding up the event loop.

Reading YAML takes seconds of pure Python for a document of megabytes. A thread would share the interpreter's lock, and
its garbage, with every evaluation, so large documents are read in a process of their own, one at a time.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from typing import Final

from mirante.api.flags.v1.flag_sync_service_pb2 import Transfer
from mirante.evaluation.model import Violation

from services.flags.flags_yaml.document import Definitions, read_definitions, require_size
from services.runtime.errors import InvalidRequest

REFUSED: Final = 3
"""Exit code of the process when it wrote a refusal."""

_LARGE: Final = 32 * 1024
"""Characters; below it, reading takes less than starting a process."""
_SECONDS: Final = 120.0


class Reader:
    """Reads documents for one service."""

    def __init__(self, *, large: int = _LARGE, seconds: float = _SECONDS) -> None:
        self._large = large
        self._seconds = seconds
        self._turn = asyncio.Semaphore(1)

    async def read(self, text: str) -> Definitions:
        """
        Return what a document describes, as `read_definitions` does.

        Raises:
            InvalidRequest: see `read_definitions`; also when reading takes too long.
        """
        require_size(text)
        async with self._turn:
            if len(text) < self._large:
                return await asyncio.to_thread(read_definitions, text)
            try:
                async with asyncio.timeout(self._seconds):
                    return await _read_in_process(text)
            except TimeoutError:
                raise InvalidRequest.of("yaml", "takes too long to read: split it") from None


async def _read_in_process(text: str) -> Definitions:
    command = (sys.executable, "-m", "services.flags.flags_yaml")
    # A session of its own, so that Ctrl-C in a terminal reaches the service only, which then ends the process.
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    try:
        answer, _ = await process.communicate(text.encode())
    finally:
        await _end(process)
    if process.returncode == REFUSED:
        refusal = json.loads(answer)
        violations = [Violation(field, description) for field, description in refusal["violations"]]
        raise InvalidRequest(violations, reason=refusal["reason"])
    if process.returncode != 0:
        raise RuntimeError(f"the process that reads YAML ended with code {process.returncode}")
    transfer = Transfer.FromString(answer)
    return Definitions({flag.key: flag for flag in transfer.flags}, {each.key: each for each in transfer.segments})


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
