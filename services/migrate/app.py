"""
One run: wait for the database, apply what is missing, end.

It knows services by the folders of their migrations alone: there is no code of theirs where it runs.
"""

import asyncio
import logging
import signal
import sys
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from services.runtime.migrations import MigrationError, migrate
from services.runtime.postgres.waiting import until_available
from services.runtime.settings import ServiceSettings, SettingsError, read_settings
from services.runtime.telemetry.logs import configure_logs

_log = logging.getLogger(__name__)

_SERVICES: Final = files("services")
_FOLDER: Final = "migrations"


def migrated_services(root: Traversable | Path = _SERVICES) -> list[tuple[str, Traversable | Path]]:
    """Return the services that have tables, by name, and the folder of the files of each."""
    found = [(each.name, each / _FOLDER) for each in root.iterdir() if (each / _FOLDER).is_dir()]
    return sorted(found, key=lambda each: each[0])


async def migrate_all(url: str) -> None:
    """
    Apply what each service has not had yet. Waits for as long as the database does not answer.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """
    for service, folder in migrated_services():
        try:
            applied = await until_available(partial(migrate, url, service, folder))
        except ValueError:
            raise SettingsError("DATABASE_URL: is not the address of a Postgres database") from None
        _log.info("up to date", extra={"service": service, "applied": [str(each) for each in applied]})


async def _run(url: str) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs is in a task
    # The first process of a container is not ended by a signal that it does not handle.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await migrate_all(url)


def main() -> None:
    """Run the migrations as a process; ends it with one line when they cannot run."""
    try:
        settings = read_settings(ServiceSettings)
        configure_logs(settings.log_level)
        if settings.database_url is None:
            raise SettingsError("DATABASE_URL: is not set; on an embedded Postgres services migrate at their start")
        asyncio.run(_run(settings.database_url))
    except (SettingsError, MigrationError) as error:
        sys.exit(str(error))
    except asyncio.CancelledError:
        sys.exit("stopped before everything was up to date")
