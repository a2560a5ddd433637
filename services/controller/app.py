"""The controller of feature flags, put together. The only place that knows which part gets which."""

import asyncio
import datetime
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from services.controller.cluster.access import cluster_access
from services.controller.cluster.api import open_api
from services.controller.cluster.events import Recorder
from services.controller.cluster.lease import Lease
from services.controller.controller import Controller
from services.controller.flag_service import open_flag_service
from services.controller.measuring import measure
from services.controller.settings import ControllerSettings
from services.runtime.access import Role
from services.runtime.background import in_background
from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.keys.keys_file import key_of
from services.runtime.process import run_service
from services.runtime.server import open_server
from services.runtime.settings import SettingsError
from services.runtime.telemetry.export import open_telemetry

_log = logging.getLogger(__name__)

_LEASE: Final = "mirante-controller"


@dataclass(frozen=True, slots=True)
class RunningController:
    """A running controller: where its health answers. `prometheus_port` is None without a Prometheus endpoint."""

    port: int
    prometheus_port: int | None


@asynccontextmanager
async def running(settings: ControllerSettings) -> AsyncIterator[RunningController]:
    """
    Run the controller: the block begins when it leads or stands by. Its end gives the Lease back.

    Health says `mirante.alive` from the start, and everything else once the cluster has answered. The flag service need
    not answer: resources say so until it does.

    Raises:
        SettingsError: a setting cannot be what it is.
    """
    async with AsyncExitStack() as stack:
        telemetry = stack.enter_context(open_telemetry(settings, "mirante-controller"))
        access = cluster_access(settings.kubeconfig)
        secret = _key(settings)
        server = await stack.enter_async_context(
            open_server(
                settings,
                settings.host,
                settings.port,
                variable="MIRANTE_CONTROLLER_PORT",
                reuseport=False,
                services=InterceptedServices(),
                names=(),
            )
        )
        api = await stack.enter_async_context(open_api(access))
        flags = await stack.enter_async_context(open_flag_service(settings.flags_address, settings.flags_ca, secret))
        identity = f"{socket.gethostname()}_{secrets.token_hex(4)}"
        lease = Lease(api, access.namespace, _LEASE, identity, time.monotonic, seconds=settings.lease_seconds)
        controller = Controller(
            api,
            flags,
            Recorder(api, identity, time.monotonic),
            settings.namespace or access.namespace,
            clock=time.monotonic,
            now=_now,
        )
        measure(telemetry.measurements, lease, controller)
        lead = partial(controller.run, resync_seconds=settings.resync_seconds, drift_seconds=settings.drift_seconds)
        await stack.enter_async_context(in_background(partial(lease.run, lead)))
        await lease.known.wait()
        await server.serve()
        stack.push_async_callback(server.drain, _nothing, settings.drain_seconds)
        _log.info("ready", extra={"port": server.port})
        yield RunningController(server.port, telemetry.prometheus_port)


def _key(settings: ControllerSettings) -> str:
    secret = settings.key.get_secret_value() if settings.key is not None else key_of(settings.home, Role.EDITOR)
    if not secret:
        raise SettingsError(
            "MIRANTE_CONTROLLER_KEY: is not set, and there is no key for the role editor in keys.json in MIRANTE_HOME"
        )
    return secret


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


async def _nothing() -> None:
    await asyncio.sleep(0)


def main() -> None:
    """Run the controller as a process."""
    run_service(ControllerSettings, running)
