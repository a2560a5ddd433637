"""One service as a child process: started, kept running, stopped."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Mapping

from services.cli.refusals import Refusal
from services.cli.up.health import is_ready_over_http, is_serving, own_context, own_credentials
from services.cli.up.processes import ServiceProcess
from services.cli.up.service_log import ServiceLog
from services.runtime.embedded.child import launch_command
from services.runtime.embedded.supervisor import restart_delay
from services.runtime.settings import ServiceSettings

_POLL_SECONDS = 0.05
_START_SECONDS = 60.0
_STEADY_AFTER_SECONDS = 30.0
"""A service that lived this long had started well: its next restart does not wait."""
_LINE_BYTES = 1024 * 1024


class ServiceChild:
    """
    A service that answers when `start` returns, and is started again whenever it ends, until `stop`.

    It dies with this process, `kill -9` included, where the system can do that (Linux).
    """

    def __init__(
        self,
        service: ServiceProcess,
        environment: Mapping[str, str],
        settings: ServiceSettings,
        log: ServiceLog,
        tell: Callable[[str], None],
    ) -> None:
        self.service = service
        self.address = service.address(environment) if service.serves else ""
        self._credentials, self._context = own_credentials(settings), own_context(settings)
        # Goodbyes and calls have the time each, and then the service closes what it holds.
        self._drain_seconds = 2 * settings.drain_seconds + 5
        self._environment = environment
        self._log = log
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """
        Return when the service answers.

        Raises:
            Refusal: it ended or stayed silent; that is not tried again, because it would happen again.
        """
        process = await self._launch()
        await self._until_serving(process)
        self._keeper = asyncio.create_task(self._keep_running(), name=f"keep-{self.service.name}")

    async def stop(self, hurry: asyncio.Event) -> None:
        """Let the service finish what it is doing, up to a limit or until `hurry`; then it is killed."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        process = self._process
        if process is None:
            return
        _send(process, signal.SIGTERM)
        ended, hurried = asyncio.create_task(process.wait()), asyncio.create_task(hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=self._drain_seconds, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not ended.done():
            self._tell(f"{self.service.name} is killed: it did not stop in time")
            _send(process, signal.SIGKILL)
        await ended
        if self._pump is not None:
            await self._pump

    async def _launch(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            *launch_command([sys.executable, "-m", self.service.module], None, signal.SIGTERM),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LINE_BYTES,
            start_new_session=True,  # Ctrl-C reaches us, and we tell the services in our order
        )
        self._pump = asyncio.create_task(self._copy_log(self._process), name=f"log-{self.service.name}")
        return self._process

    async def _until_serving(self, process: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        if not self.service.serves:
            return
        ended = asyncio.create_task(process.wait())
        try:
            while not await self._is_serving():
                if ended.done():
                    raise Refusal(
                        f"{self.service.name} ended with exit code {ended.result()} while starting",
                        f"its log is {self._log.path}",
                    )
                if asyncio.get_running_loop().time() > deadline:
                    raise Refusal(f"{self.service.name} does not answer", f"its log is {self._log.path}")
                await asyncio.wait({ended}, timeout=_POLL_SECONDS)
        finally:
            ended.cancel()

    async def _is_serving(self) -> bool:
        if self.service.http:
            return await is_ready_over_http(self.address, self._context)
        return await is_serving(self.address, self._credentials)

    async def _keep_running(self) -> None:
        failures = 0
        clock = asyncio.get_running_loop().time
        while self._process is not None:
            since = clock()
            code = await self._process.wait()
            failures = 0 if clock() - since > _STEADY_AFTER_SECONDS else failures
            self._tell(f"{self.service.name} ended with exit code {code} and is started again")
            while not await self._came_back(restart_delay(failures)):
                failures += 1
            failures += 1
            self._tell(f"{self.service.name} answers again")

    async def _came_back(self, delay_seconds: float) -> bool:
        await asyncio.sleep(delay_seconds)
        process = await self._launch()
        try:
            await self._until_serving(process)
        except Refusal:
            _send(process, signal.SIGKILL)  # it may be alive and silent
            await process.wait()
            return False
        return True

    async def _copy_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit, which readline has dropped
                continue
            if not line:
                return
            self._log.write(line.decode(errors="replace").rstrip("\n"))


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
