"""Real Postgres and Valkey for tests, under a temporary home, for root and ordinary users alike."""

import asyncio
import contextlib
import os
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from services.runtime.datastores import open_datastores
from services.runtime.embedded.supervisor import EmbeddedServer


@dataclass(frozen=True)
class LocalSettings:
    """The settings that `open_datastores` reads; embedded servers unless told otherwise."""

    home: Path
    database_url: str | None = None
    redis_url: str | None = None


class ServerHandle:
    """
    An embedded server that runs on a thread of its own, to be operated from any event loop.

    The thread keeps the server supervised while no test's loop runs.
    """

    def __init__(self, server: EmbeddedServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop

    @property
    def url(self) -> str:
        """The URL for clients. It stays the same over restarts."""
        return self._server.url

    @property
    def pid(self) -> int | None:
        """The process id while the server runs."""
        return self._server.pid

    async def ensure_running(self) -> None:
        """Start the server if it was stopped, and return when it answers."""
        await self._run(self._server.start())
        await self.wait_until_ready()

    async def start(self) -> None:
        """Start a server that was stopped."""
        await self._run(self._server.start())

    async def stop(self) -> None:
        """Stop the server; it stays down until `start`."""
        await self._run(self._server.stop())

    async def restart(self) -> None:
        """Stop the server and start it again."""
        await self._run(self._server.restart())

    async def kill(self) -> None:
        """End the server as a crash would. It comes back by itself: see `wait_until_ready`."""
        await self._run(self._server.kill())

    async def wait_until_ready(self) -> None:
        """Return when the server answers."""
        await self._run(self._server.wait_until_ready())

    async def _run(self, operation: Coroutine[object, object, None]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(operation, self._loop))


@dataclass(frozen=True)
class RunningDatastores:
    """Handles on both servers."""

    home: Path
    postgres: ServerHandle
    valkey: ServerHandle


@contextlib.contextmanager
def run_datastores() -> Iterator[RunningDatastores]:
    """Run both servers under a temporary home until the block ends, then delete the home."""
    with tempfile.TemporaryDirectory(prefix="mirante-test-") as folder:
        home = Path(folder) / "home"
        started: Future[RunningDatastores] = Future()
        finish = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(home, started, finish)), name="test-datastores")
        thread.start()
        try:
            yield started.result()
        finally:
            finish.set()
            thread.join()


async def _serve(home: Path, started: Future[RunningDatastores], finish: threading.Event) -> None:
    try:
        async with open_datastores(LocalSettings(home)) as datastores:
            loop = asyncio.get_running_loop()
            assert datastores.postgres is not None
            assert datastores.valkey is not None
            await _forgo_fsync(datastores.database_url)
            postgres, valkey = (ServerHandle(server, loop) for server in (datastores.postgres, datastores.valkey))
            started.set_result(RunningDatastores(home, postgres, valkey))
            await asyncio.to_thread(finish.wait)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


async def _forgo_fsync(url: str) -> None:
    """Make databases cheap to create and drop. What is written survives `kill -9`, though not a loss of power."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def fresh_database(server: ServerHandle, template: str = "template0") -> AsyncIterator[str]:
    """
    Create a database of a random name and drop it afterwards, whoever is still connected.

    Args:
        server: where; it is started if a test stopped it.
        template: the database to copy; nobody may be connected to it.

    Yields:
        the URL of the new database.
    """
    name = f"test_{secrets.token_hex(8)}"
    await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield with_database(server.url, name)
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _execute(server: ServerHandle, statement: str) -> None:
    await server.ensure_running()
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def processes_below(folder: Path) -> list[psutil.Process]:
    """Return the live processes that work somewhere below the folder: the servers of a home, and their children."""
    found = []
    real = folder.resolve()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(real):
                found.append(process)
    return found


def unprivileged_user() -> int | None:
    """Return the user id that the servers of a fresh home have if that is not our own."""
    return 65534 if os.geteuid() == 0 else None
