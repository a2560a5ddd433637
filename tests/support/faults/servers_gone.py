"""All replicas are killed: processes that were connected, and others that start now, go on until they return."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.datastores import RunningDatastores
from tests.support.flag_service_process import PATIENCE_SECONDS, Installation, installation
from tests.support.flag_writer import FlagWriter


class AskingProcess:
    """A running `tests.support.asking_client`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.answers: list[dict[str, Any]] = []

    async def until(self, **expected: object) -> None:
        """Read answers until one is as expected."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.answers or {**self.answers[-1], **expected} != self.answers[-1]:
                assert self._process.stdout is not None
                line = await asyncio.to_thread(self._process.stdout.readline)
                assert line, f"it ended; it had said {self.answers}"
                self.answers.append(json.loads(line))


@contextmanager
def asking(services: Installation, cache: Path, flag: str) -> Iterator[AskingProcess]:
    """Run a process that asks, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.asking_client", services.target, services.keys["server"], cache, flag],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield AskingProcess(process)
    finally:
        process.kill()
        process.communicate()


async def servers_gone(
    datastores: RunningDatastores, database_url: str, *, processes: int, rounds: int
) -> dict[str, object]:
    """Return what happened, after every process answered all the time and was current again by itself."""
    flag = "carga_0"
    asked: list[AskingProcess] = []
    async with AsyncExitStack() as stack:
        cache = Path(stack.enter_context(TemporaryDirectory()))
        services = await stack.enter_async_context(installation(database_url, datastores.valkey.url))
        writer = FlagWriter.at(services.target, services.metadata("admin"))
        await writer.create(1)
        connected = [stack.enter_context(asking(services, cache, flag)) for _ in range(processes)]
        for process in connected:
            await process.until(value=True, stale=False)
        for number in range(rounds):
            record = await writer.kill(flag) if number % 2 == 0 else await writer.restore(flag)
            said = {"value": number % 2 == 1, "revision": record.revision}
            for process in connected:
                await process.until(**said, stale=False)
            await _saved(cache, record.revision)
            for replica in services.replicas:
                replica.kill()
            started = [stack.enter_context(asking(services, cache, flag)) for _ in range(processes)]
            for process in (*connected, *started):
                await process.until(**said, stale=True)
            # Only what is asked before the rules were read from disk may get a default, and nothing is.
            assert [process.answers for process in started] == [[process.answers[0]] for process in started]
            await services.start()
            for process in (*connected, *started):
                await process.until(**said, stale=False)
            connected += started
        asked = connected
        await writer.close()
    revisions = [[answer["revision"] for answer in process.answers] for process in asked]
    assert revisions == [sorted(seen) for seen in revisions]
    assert [answer for process in asked[processes:] for answer in process.answers if answer["value"] == "default"] == []
    return {"processes": len(asked), "rounds": rounds, "answers": sum(len(process.answers) for process in asked)}


async def _saved(cache: Path, revision: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any(f'"revision": {revision}'.encode() in file.read_bytes() for file in cache.glob("*.snapshot")):
            await asyncio.sleep(0.01)
