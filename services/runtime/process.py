"""The life of a service process: from its settings to the signal that ends it."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from services.runtime.embedded.errors import EmbeddedServerError
from services.runtime.migrations import MigrationError
from services.runtime.settings import ServiceSettings, SettingsError, read_settings
from services.runtime.telemetry.logs import configure_logs

try:
    from uvloop import run
except ImportError:  # Windows has none
    from asyncio import run  # type: ignore[assignment]  # it lacks arguments that are not used

ServiceSettingsT = TypeVar("ServiceSettingsT", bound=ServiceSettings)


def run_service(
    settings_class: type[ServiceSettingsT], running: Callable[[ServiceSettingsT], AbstractAsyncContextManager[Any]]
) -> None:
    """Run a service until SIGTERM or SIGINT. Ends the process with one line when it cannot run at all."""
    try:
        settings = read_settings(settings_class)
        configure_logs(settings.log_level)
        run(_serve(running(settings)))
    except (SettingsError, EmbeddedServerError, MigrationError) as error:
        sys.exit(str(error))


async def _serve(service: AbstractAsyncContextManager[Any]) -> None:
    serving = asyncio.current_task()
    assert serving is not None  # noqa: S101 - a coroutine that runs is in a task
    stop, ready = asyncio.Event(), False

    def on_signal() -> None:
        if ready:
            stop.set()
        else:
            serving.cancel()
        stopped.append(True)

    stopped: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    try:
        async with service:
            ready = True
            _settle()
            await stop.wait()
    except asyncio.CancelledError:
        if not stopped:
            raise


def _settle() -> None:
    """
    Spare the garbage collector what a start leaves behind, and let it look at thousands of calls at a time.

    With Python's thresholds a push to 5,000 open streams sets off full passes over all of them, which take longer than
    the push itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
