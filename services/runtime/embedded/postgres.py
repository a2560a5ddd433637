"""Postgres as an embedded engine."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from services.runtime.embedded.binaries import find_postgres
from services.runtime.embedded.engine import HOST, Endpoint, Engine, Installation
from services.runtime.embedded.errors import EngineMissing, ServerDidNotStart
from services.runtime.embedded.processes import may_use
from services.runtime.postgres.outages import CONNECTION_LOST

DATABASE = "mirante"
USER = "mirante"

_CONFIGURATION = """\
# Rewritten at each start. Change settings with ALTER SYSTEM, which wins over this file.
max_connections = 200
log_checkpoints = off
log_timezone = 'UTC'
timezone = 'UTC'
"""
_INCLUDE = "include_if_exists = 'mirante.conf'"


def postgres_engine() -> Engine:
    """
    Describe the Postgres of this machine.

    `synchronous_commit` stays on: with it off, `kill -9` was seen to lose nearly all of 200,000 acknowledged rows.

    Raises:
        EngineMissing: there is none that runs.
    """
    installation = find_postgres()
    return Engine(
        name="postgres",
        installation=installation,
        executable="postgres",
        command=_command,
        standard_input=lambda _endpoint: b"",
        create_command=_create_command,
        create_executable="initdb",
        before_start=_before_start,
        answers=_answers,
        url=lambda endpoint: _url(endpoint, DATABASE),
        # Up to 15 it leaves its working folder at start and returns to it by its absolute path.
        walks_to_its_data=_major_version(installation) < 16,
        stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back, clients are disconnected
    )


def _major_version(installation: Installation) -> int:
    command = [str(installation.binary("postgres")), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"PostgreSQL\) (\d+)", answer)
    if found is None:
        raise EngineMissing(f"{command[0]} does not run here. Set DATABASE_URL to the address of a running Postgres")
    return int(found[1])


def _url(endpoint: Endpoint, database: str) -> str:
    return f"postgresql://{USER}:{endpoint.password}@{HOST}:{endpoint.port}/{database}"


def _create_command(data: str, password_file: str) -> Sequence[str]:
    return (
        *("-D", data, "-U", USER, "--pwfile", password_file),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
    )


def _command(data: str, endpoint: Endpoint) -> Sequence[str]:
    # Only what must not be changed in SQL: arguments win over ALTER SYSTEM.
    # No unix socket: its path would have to stay below 107 bytes, and a home folder may be deeper than that.
    settings = (f"listen_addresses={HOST}", "unix_socket_directories=", "logging_collector=off")
    return ("-D", data, "-p", str(endpoint.port), *(word for each in settings for word in ("-c", each)))


def _before_start(data: Path, _endpoint: Endpoint) -> None:
    (data / "mirante.conf").write_text(_CONFIGURATION)
    main = data / "postgresql.conf"
    if _INCLUDE not in main.read_text():
        with main.open("a") as file:
            file.write(f"\n{_INCLUDE}\n")
    _remove_lock_of_a_stranger(data)


def _remove_lock_of_a_stranger(data: Path) -> None:
    """
    Remove a `postmaster.pid` whose pid now belongs to a process that is not our Postgres.

    Postgres takes any live process with that pid for a running server and refuses to start; a restarted container
    hands out the same small pids again. A lock file whose pid is free is left to Postgres, which deals with it.
    """
    lock = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        if not may_use(pid, data, "postgres"):
            lock.unlink()


async def _answers(endpoint: Endpoint) -> bool:
    """Log in, and make the database of the application on the first start."""
    try:
        connection = await asyncpg.connect(_url(endpoint, "postgres"), timeout=5)
        try:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()
    except CONNECTION_LOST:
        return False
    except asyncpg.TooManyConnectionsError:
        return True  # after a crash the services may have come back before us
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise ServerDidNotStart(f"Postgres on port {endpoint.port} refuses the password of the home folder") from error
    return True
