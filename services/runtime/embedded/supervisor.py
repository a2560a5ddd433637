"""Starts one embedded server, keeps it running, and stops it."""

import asyncio
import logging
import signal
from dataclasses import replace
from typing import Any, Self

from services.runtime.embedded.account import account_for, reachable_installation
from services.runtime.embedded.child import Child
from services.runtime.embedded.data_folder import create_data, path_for
from services.runtime.embedded.engine import Endpoint, Engine
from services.runtime.embedded.errors import HomeUnusable, ServerDidNotStart
from services.runtime.embedded.home import Leader, Workspace
from services.runtime.embedded.leftovers import end_leftovers
from services.runtime.embedded.ports import free_port
from services.runtime.embedded.processes import birthmark

_log = logging.getLogger(__name__)

_PROBE_EVERY_S = 0.01
_START_ATTEMPTS = 5
_STEADY_AFTER_S = 30.0
"""A server that lived this long had started well: its next restart waits as little as the first."""
_LOG_TAIL_BYTES = 3000


def restart_delay(failures: int) -> float:
    """Seconds to wait before the restart that follows this many failures in a row: none, 0.1, 0.2, 0.4 ... 5."""
    return 0.0 if failures == 0 else min(5.0, 0.1 * 2.0 ** (failures - 1))


class EmbeddedServer:
    """
    One server of a held home folder.

    It keeps its port from the first start on, so `url` stays valid over every restart.
    A server that ends by itself is started again; one that was stopped stays down until `start`.
    Methods belong to the event loop on which `start` was first called, and to that loop's thread.
    """

    def __init__(self, engine: Engine, workspace: Workspace) -> None:
        self._engine = engine
        self._workspace = workspace
        self._endpoint: Endpoint | None = None
        self._child: Child | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._changing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The URL for clients, password included."""
        if self._endpoint is None:
            raise RuntimeError(f"{self._engine.name} was never started")
        return self._engine.url(self._endpoint)

    @property
    def pid(self) -> int | None:
        """The process id while a server runs."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """
        Start the server and return when it answers; nothing happens if it is running.

        Whatever an earlier run left behind is ended first.

        Raises:
            EmbeddedServerError: it could not be started; no process is left.
        """
        async with self._changing:
            if self._watcher is None:
                try:
                    await self._first_start() if self._endpoint is None else await self._launch(self._endpoint)
                except OSError as error:
                    raise HomeUnusable(f"{self._engine.name} cannot use {self._workspace.folder}: {error}") from error
                self._watcher = asyncio.create_task(self._watch(), name=f"supervise-{self._engine.name}")

    async def stop(self) -> None:
        """Stop the server in an orderly way and return when it has ended; nothing happens if it is down."""
        async with self._changing:
            if self._watcher is not None:
                watcher, self._watcher = self._watcher, None
                watcher.cancel()
                try:
                    await asyncio.wait({watcher})
                finally:  # also when we are cancelled ourselves: the server is told in any case
                    await self._end_child()

    async def restart(self) -> None:
        """Stop the server in an orderly way, start it again and return when it answers."""
        await self.stop()
        await self.start()

    async def kill(self) -> None:
        """End the server with SIGKILL, as a crash would, and return when it has ended. It is then started again."""
        child = self._child
        if child is not None:
            self._ready.clear()
            child.send(signal.SIGKILL)
            await child.wait()

    async def wait_until_ready(self) -> None:
        """Return when the server answers."""
        await self._ready.wait()

    async def _first_start(self) -> None:
        self._workspace.create()
        password = self._workspace.password()
        for attempt in range(1, _START_ATTEMPTS + 1):
            endpoint = Endpoint(free_port(), password)
            try:
                await self._launch(endpoint)
            except ServerDidNotStart:
                # Mostly a port that somebody took in between, so the next attempt uses another.
                if attempt == _START_ATTEMPTS:
                    raise
                await asyncio.sleep(restart_delay(attempt))
            else:
                self._endpoint = endpoint
                return

    async def _launch(self, endpoint: Endpoint) -> None:
        workspace = self._workspace
        ended = await end_leftovers(self._engine, workspace)
        if ended:
            _log.warning("%s: ended processes left behind by an earlier run: %s", self._engine.name, ended)
        account = account_for(workspace.data)
        installation = await asyncio.to_thread(
            reachable_installation, self._engine.installation, self._engine.executable, account
        )
        engine = replace(self._engine, installation=installation)
        await create_data(engine, workspace, account, endpoint.password)
        engine.before_start(workspace.data, endpoint)
        log_start = workspace.start_log()
        arguments = engine.command(path_for(engine, account, workspace.data), endpoint)
        self._child = Child.start(
            [str(installation.binary(engine.executable)), *arguments],
            folder=workspace.data,
            account=account,
            log=workspace.log,
            standard_input=engine.standard_input(endpoint),
            death_signal=engine.stop_signal,
        )
        try:
            born = birthmark(self._child.pid)
            if born is not None:
                workspace.remember(Leader(self._child.pid, born))
            await self._wait_until_it_answers(self._child, endpoint, log_start)
        except BaseException:
            await self._end_child()
            raise
        self._ready.set()
        _log.info("%s is running as process %d on port %d", engine.name, self._child.pid, endpoint.port)

    async def _wait_until_it_answers(self, child: Child, endpoint: Endpoint, log_start: int) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._engine.ready_within_s
        while not child.exited.done():
            if await self._answers(child, endpoint):
                return
            if clock() > deadline:
                raise ServerDidNotStart(
                    f"{self._engine.name} did not answer within {self._engine.ready_within_s:.0f} s, see "
                    f"{self._workspace.log}"
                )
            await asyncio.wait({child.exited}, timeout=_PROBE_EVERY_S)
        tail = self._log_since(log_start).replace(endpoint.password, "***")
        raise ServerDidNotStart(
            f"{self._engine.name} ended with exit code {child.exited.result()} while starting; the end of "
            f"{self._workspace.log}: {tail}"
        )

    async def _answers(self, child: Child, endpoint: Endpoint) -> bool:
        """Ask once. A child that ends meanwhile ends the question, which a stranger on its port may never answer."""
        question: asyncio.Future[bool] = asyncio.ensure_future(self._engine.answers(endpoint))
        first_of: set[asyncio.Future[Any]] = {question, child.exited}
        try:
            await asyncio.wait(first_of, return_when=asyncio.FIRST_COMPLETED)
            return not child.exited.done() and question.result()
        finally:
            question.cancel()
            await asyncio.gather(question, return_exceptions=True)

    async def _watch(self) -> None:
        """Start the server again whenever it ends, until cancelled."""
        failures = 0
        clock = asyncio.get_running_loop().time
        while self._child is not None and self._endpoint is not None:
            since = clock()
            code = await self._child.wait()
            self._ready.clear()
            failures = 0 if clock() - since > _STEADY_AFTER_S else failures
            _log.error("%s ended by itself with exit code %d and is started again", self._engine.name, code)
            while not self._ready.is_set():
                await asyncio.sleep(restart_delay(failures))
                failures += 1
                try:
                    await self._launch(self._endpoint)
                except Exception as error:  # noqa: BLE001 - whatever it is, giving up would leave the services without
                    _log.error("%s could not be started again: %s", self._engine.name, error)

    async def _end_child(self) -> None:
        self._ready.clear()
        child, self._child = self._child, None
        if child is None:
            return
        code = await child.stop(self._engine.stop_signal, within_s=self._engine.stop_within_s)
        self._workspace.forget()
        if code != 0:
            _log.warning("%s ended with exit code %d when it was stopped", self._engine.name, code)

    def _log_since(self, start: int) -> str:
        with self._workspace.log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(start, size - _LOG_TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
