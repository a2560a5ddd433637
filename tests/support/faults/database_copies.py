"""Copies of a database that later take its place, as restoring a backup does."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from tests.support.datastores import ServerHandle


@asynccontextmanager
async def _administrator(server: ServerHandle) -> AsyncIterator[asyncpg.Connection]:
    await server.ensure_running()
    connection = await asyncpg.connect(server.url)
    try:
        yield connection
    finally:
        await connection.close()


class CopiedDatabase:
    """A copy of one database on the same server, which later takes its place: as a dump, it has other object ids."""

    def __init__(self, server: ServerHandle, database_url: str) -> None:
        self._server = server
        self._name = urlsplit(database_url).path.removeprefix("/")
        self._copy = f"{self._name}_copy"

    async def take(self) -> None:
        """Copy what is there now."""
        await self._while_nobody_is_connected(f'CREATE DATABASE "{self._copy}" TEMPLATE "{self._name}"')

    async def put_back(self) -> None:
        """Put the copy in the place of the database; what was written since is lost."""
        gone = f"{self._name}_gone"
        await self._while_nobody_is_connected(
            f'ALTER DATABASE "{self._name}" RENAME TO "{gone}"',
            f'ALTER DATABASE "{self._copy}" RENAME TO "{self._name}"',
            f'DROP DATABASE "{gone}"',
        )

    async def _while_nobody_is_connected(self, *statements: str) -> None:
        async with _administrator(self._server) as connection:
            await connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false')
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", self._name
            )
            for statement in statements:
                await connection.execute(statement)
            await connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')


class CopiedFiles:
    """A copy of a server's files, which is put back in place: nothing in the database tells it from the original."""

    def __init__(self, server: ServerHandle, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._copy = folder.with_name("copy")

    async def take(self) -> None:
        """Copy what is there now; the server is stopped meanwhile."""
        await self._server.stop()
        # The server may run as another user, whose the files have to stay.
        await asyncio.to_thread(subprocess.check_call, ["cp", "-a", self._folder, self._copy])
        await self._server.ensure_running()

    async def put_back(self) -> None:
        """Put the copy in place; what was written since is lost."""
        await self._server.stop()
        shutil.rmtree(self._folder)
        self._copy.rename(self._folder)
        await self._server.ensure_running()
