"""Runs datastores and services together, until told to stop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.cli.refusals import Refusal
from services.cli.up.child import ServiceChild
from services.cli.up.ports import refuse_taken
from services.cli.up.processes import ServiceProcess
from services.cli.up.service_log import ServiceLog
from services.runtime.datastores import Datastores, open_datastores
from services.runtime.embedded.errors import EmbeddedServerError
from services.runtime.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Up:
    """Everything answers. `addresses` by service."""

    addresses: Mapping[str, str]
    home: Path
    datastores: Datastores


async def run(
    settings: ServiceSettings,
    *,
    demo: bool,
    when_up: Callable[[Up], None],
    tell: Callable[[str], None],
    services: Sequence[ServiceProcess],
) -> None:
    """
    Run everything; call `when_up` once all services answer, and `tell` with remarks for people.

    Returns when SIGINT, SIGTERM or SIGHUP has asked for it and everything has stopped, services first, datastores
    last. A second signal kills the services instead of letting them finish.

    Raises:
        Refusal: something cannot be started; nothing is left running.
    """
    hurry = asyncio.Event()
    work = asyncio.create_task(_Run(settings, demo, hurry, when_up, tell).serve(services))

    def stop() -> None:
        if work.cancelling():
            hurry.set()
        else:
            tell("stopping; once more stops at once")
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await asyncio.wait({work})
    if not work.cancelled():
        work.result()


@dataclass(frozen=True, slots=True)
class _Run:
    settings: ServiceSettings
    demo: bool
    hurry: asyncio.Event
    when_up: Callable[[Up], None]
    tell: Callable[[str], None]

    @property
    def home(self) -> Path:
        return self.settings.home.absolute()

    async def serve(self, services: Sequence[ServiceProcess]) -> None:
        """Run until cancelled."""
        services = [service for service in services if self.demo or not service.demo_only]
        serving = [service for service in services if service.serves]
        async with contextlib.AsyncExitStack() as stack:
            try:
                for service in serving:
                    refuse_taken(service.port(os.environ), service.port_variable)
                datastores = await stack.enter_async_context(open_datastores(self.settings))
            except (EmbeddedServerError, ValueError) as error:
                raise Refusal(str(error)) from None
            environment = self._environment(datastores, serving)
            addresses = {
                service.name: await stack.enter_async_context(self._running(service, environment))
                for service in services
            }
            self.when_up(Up({each.name: addresses[each.name] for each in serving}, self.home, datastores))
            await asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def _running(self, service: ServiceProcess, environment: Mapping[str, str]) -> AsyncIterator[str]:
        """Run one service and yield its address."""
        with contextlib.closing(ServiceLog(service.name, self.home / "logs", self.tell)) as log:
            child = ServiceChild(service, environment, self.settings, log, self.tell)
            try:
                await child.start()
                yield child.address
            finally:
                await child.stop(self.hurry)

    def _environment(self, datastores: Datastores, services: Sequence[ServiceProcess]) -> dict[str, str]:
        addresses = {f"MIRANTE_{each.name.upper()}_ADDRESS": each.address(os.environ) for each in services}
        return {
            **addresses,
            **os.environ,
            "DATABASE_URL": datastores.database_url,
            "REDIS_URL": datastores.redis_url,
            "MIRANTE_HOME": str(self.home),
            "MIRANTE_BOOTSTRAP": "1",
            "MIRANTE_DEMO": "1" if self.demo else "0",
            "PYTHONUNBUFFERED": "1",
        }
