"""
Runs the datastores of a home in the foreground, to be interrupted or killed by a test.

`python -m tests.support.hold_datastores HOME [--uvloop] [--servers-outlive-us]` prints one line of JSON when both
servers answer: their URLs and pids.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

import uvloop

from services.runtime.datastores import open_datastores
from services.runtime.embedded.child import Child
from tests.support.datastores import LocalSettings


async def hold(home: Path) -> None:
    """Run the servers until cancelled."""
    async with open_datastores(LocalSettings(home)) as datastores:
        assert datastores.postgres is not None
        assert datastores.valkey is not None
        ready = {
            "database_url": datastores.database_url,
            "redis_url": datastores.redis_url,
            "pids": [datastores.postgres.pid, datastores.valkey.pid],
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def let_servers_outlive_us() -> None:
    """Do without the kernel's signal at our death, as on systems that have none."""
    start = Child.start

    def start_without_signal(command: list[str], **options: Any) -> Child:
        return start(command, **{**options, "death_signal": 0})

    Child.start = start_without_signal  # type: ignore[assignment,method-assign]  # only in this process


def main() -> None:
    """Read the arguments and hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--servers-outlive-us", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    if arguments.servers_outlive_us:
        let_servers_outlive_us()
    with contextlib.suppress(KeyboardInterrupt):
        (uvloop.run if arguments.uvloop else asyncio.run)(hold(arguments.home))


if __name__ == "__main__":
    main()
