"""Real Postgres servers that can be copied, follow one another and take over, as an operator's tools make them do."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg

from services.runtime.embedded.account import account_for, reachable_installation
from services.runtime.embedded.binaries import find_postgres
from services.runtime.embedded.child import launch_command
from services.runtime.embedded.ports import free_port
from services.runtime.postgres.outages import UNREACHABLE
from tests.support.flag_service_process import PATIENCE_SECONDS

USER: Final = "mirante"
DATABASE: Final = "mirante"
PASSWORD: Final = "of-a-test"
HOST: Final = "127.0.0.1"

_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "wal_log_hints": "on",  # for pg_rewind
    "wal_keep_size": "256MB",
    # What is written survives `kill -9`, though not a loss of power, which no test has.
    "fsync": "off",
}

_ENVIRONMENT: Final = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "PGPASSWORD": PASSWORD}


class PostgresNode:
    """
    One server. Its port stays the same however often it is started.

    Args:
        folder: of its data; anybody must be able to enter what is above.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._account = account_for(folder)
        self._installation = reachable_installation(find_postgres(), "postgres", self._account)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of this server alone."""
        return f"postgresql://{USER}:{PASSWORD}@{HOST}:{self.port}/{DATABASE}"

    @property
    def connection(self) -> str:
        """The same for the tools of Postgres, which take the password from the environment."""
        return f"host={HOST} port={self.port} user={USER} dbname=postgres"

    async def create(self, **settings: str) -> None:
        """Make an empty server of it, start it, and make the database."""
        secret = self.folder.with_suffix(".password")
        secret.write_text(PASSWORD)
        if self._account is not None:
            os.chown(secret, self._account.uid, self._account.gid)
        login = ("-U", USER, "--pwfile", str(secret), "--auth=scram-sha-256")
        await self.tool("initdb", "-D", str(self.folder), *login, "--encoding=UTF8", "--locale=C", "--no-sync")
        self.configure({**_SETTINGS, **settings})
        await self.start()
        await self.execute(f'CREATE DATABASE "{DATABASE}"', database="postgres")

    def configure(self, settings: Mapping[str, str]) -> None:
        """Add to its configuration; the last word on a setting counts."""
        with (self.folder / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def touch(self, name: str) -> None:
        """Put an empty file into its folder."""
        (self.folder / name).touch()
        self._give(self.folder / name)

    def make_folder(self, folder: Path) -> None:
        """Make a folder that the server may write to."""
        folder.mkdir()
        self._give(folder)

    async def start(self) -> None:
        """Start it, and return when it lets somebody in."""
        with self.folder.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self.folder), "-p", str(self.port)),
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._lets_in():
                assert self._process.poll() is None, self.folder.with_suffix(".log").read_text()[-3_000:]
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """`kill -9` of all its processes, if it runs."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    async def execute(self, statement: str, *arguments: object, database: str = DATABASE) -> Any:
        """Run a statement; return the first value of its answer."""
        connection = await asyncpg.connect(self.url, database=database)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    async def becomes(self, statement: str) -> None:
        """Return once a statement says true."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.execute(statement, database="postgres"):
                await asyncio.sleep(0.02)

    async def tool(self, name: str, *arguments: str) -> None:
        """Run one of the programs that come with Postgres; fail with what it says."""
        process = await asyncio.create_subprocess_exec(
            *self._command(name, *arguments),
            env=_ENVIRONMENT,
            cwd="/",  # that of the tests may be one that the account cannot enter
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, f"{name}: {output.decode()}"

    async def _lets_in(self) -> bool:
        try:
            return bool(await self.execute("SELECT true", database="postgres"))
        except UNREACHABLE:
            return False

    def _command(self, name: str, *arguments: str) -> list[str]:
        # Not by `Popen(user=...)`, which forks: gRPC's threads do not go well with that.
        command = [str(self._installation.binary(name)), *arguments]
        return launch_command(command, self._account, signal.SIGKILL)

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)
